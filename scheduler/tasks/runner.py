"""What a task may ask of the scheduler while it runs: inferences, which join the streams' micro-batches.

A task is a coroutine on the scheduler's loop: ``async def f(payload, runner) -> reply``. It awaits
the runner and computes little itself; decoding and other work of milliseconds goes through
``Runner.compute``.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core import Roi

Computed = TypeVar("Computed")


class Picture:
    """A still image."""

    def __init__(self, bgr: NDArray[np.uint8]) -> None:
        self._bgr = bgr

    @property
    def bgr(self) -> NDArray[np.uint8]:
        """Its pixels, u8 ``[height, width, 3]``; of one that is not decoded yet it takes milliseconds.

        Raises:
            ServiceError: ``bad_image``, ``image_too_large``.
        """
        return self._bgr

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.bgr.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.bgr.shape[0])


class Runner(Protocol):
    """The scheduler, as one task sees it. What it cannot do in time raises ServiceError."""

    async def infer_picture(self, role: str, picture: Picture, roi: Roi | None = None) -> Any:
        """The role's output for a region of a picture (all of it by default), coordinates in its pixels.

        One that is not decoded yet is decoded by the thread that prepares it for the model.
        """

    async def infer_windows(self, role: str, windows: NDArray[np.int16]) -> list[Any]:
        """The role's outputs for i16 ``[N, window]`` samples at 16 kHz, each on its own (stateless)."""

    async def infer_sequence(self, role: str, samples: NDArray[np.int16]) -> list[Any]:
        """The role's outputs for i16 ``[samples]`` at 16 kHz, one for every hop, each after the last.

        For models that remember (the voice detector); what is left at the end is too short and left out.
        """

    async def compute(self, work: Callable[[], Computed]) -> Computed:
        """Run plain work in a thread, beside the loop."""

    def model(self, role: str) -> Any:
        """The model that fills a role: for its name, its embedding size, its threshold.

        Raises:
            ServiceError: ``model_unavailable``, naming the command that gets it.
        """
