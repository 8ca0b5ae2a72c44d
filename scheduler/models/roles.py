"""What tasks may ask of any model of a role that its own library runs."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core import LibraryModel
from .outputs import SpokenPart, TextBlock


class TextReader(LibraryModel, Protocol):
    """What fills the role ``ocr``. ``languages``: ISO 639-1 codes of what it reads."""

    @property
    def languages(self) -> frozenset[str]:
        """Those that it may be asked for."""

    def read(
        self, bgr: NDArray[np.uint8], languages: Sequence[str], given_up: Callable[[], bool]
    ) -> list[TextBlock]:
        """Text of u8 ``[H, W, 3]``; ``given_up`` tells whether nobody waits for it any more."""

    def zone_steps(self, line: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """What ``TextBlock.steps`` is of u8 ``[H, W, 3]``, which shows one line; None: it does not tell."""


class Diarizer(LibraryModel, Protocol):
    """What fills the role ``diarizer``."""

    def diarize(
        self, samples: NDArray[np.int16], speakers: int | None, given_up: Callable[[], bool]
    ) -> list[SpokenPart]:
        """Who speaks when in i16 16 kHz ``samples``, in order of time; ``speakers``: how many, if known.

        ``given_up`` tells whether nobody waits for it any more.
        """
