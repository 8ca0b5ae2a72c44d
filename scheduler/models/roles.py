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
        """Text of u8 ``[H, W, 3]``. Takes seconds.

        Args:
            bgr: the picture, turned in any way.
            languages: a non-empty choice of ``languages``.
            given_up: whether nobody waits for the text any more; asked between one piece of it and the next.

        Raises:
            ModelUnavailableError: the files are not in the store, or not those of the model that reads this
                language; the sentence names the remedy.
            InferenceFailed: it does not run here.
        """

    def zone_steps(self, line: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """What ``TextBlock.steps`` is of u8 ``[H, W, 3]``, which shows one line; None: it does not tell."""


class Diarizer(LibraryModel, Protocol):
    """What fills the role ``diarizer``."""

    def diarize(
        self, samples: NDArray[np.int16], speakers: int | None, given_up: Callable[[], bool]
    ) -> list[SpokenPart]:
        """Who speaks when, in order of time. Takes seconds.

        Args:
            samples: the recording, i16 at 16 kHz.
            speakers: how many there are, if that is known.
            given_up: whether nobody waits for the answer any more; asked between one step and the next.

        Raises:
            ModelUnavailableError: its files are not in the store.
            InferenceFailed: its library is not installed or does not run here.
        """
