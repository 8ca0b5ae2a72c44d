"""What callers send as pictures, where decoding it goes wrong in a way that nobody expected."""

from typing import NoReturn

import numpy as np
import pytest

from argusd.scheduler.contract.errors import BadPicture
from argusd.scheduler.tasks import pictures

from ..pages import png


def test_a_decoder_that_stumbles_blames_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_: object) -> NoReturn:
        raise KeyError("what was read")

    monkeypatch.setattr(pictures, "decode_image", stumbles)
    with pytest.raises(BadPicture, match=r"^The image cannot be decoded\.$"):
        pictures.decode_picture(png(np.zeros((8, 8, 3), np.uint8)))
