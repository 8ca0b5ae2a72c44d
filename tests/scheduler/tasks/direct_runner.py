"""A runner without a scheduler: every model of the store at once, one call after the other."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import ModelUnavailable
from argusd.scheduler.core import Roi
from argusd.scheduler.tasks.runner import Picture
from argusd.scheduler.zoo.errors import ZooError

from ..recordings import Runners, from_bgr

Computed = TypeVar("Computed")


class DirectRunner:
    """Meets ``tasks.runner.Runner``."""

    def __init__(self, runners: Runners) -> None:
        self._runners = runners

    async def infer_picture(self, role: str, picture: Picture, roi: Roi | None = None) -> Any:
        return self._runners(role).look(from_bgr(picture.bgr), roi)

    async def infer_windows(self, role: str, windows: NDArray[np.int16]) -> list[Any]:
        runner, slots = self._runners(role), np.arange(len(windows))
        outputs: list[Any] = runner.model.decode(runner.run(runner.model.prepare(windows, slots)), slots)
        return outputs

    async def infer_sequence(self, role: str, samples: NDArray[np.int16]) -> list[Any]:
        runner = self._runners(role)
        runner.model.reset(0)
        window = runner.model.window
        rows = samples[: len(samples) // window * window].reshape(-1, 1, window)
        slots = np.zeros(1, np.intp)
        return [runner.model.decode(runner.run(runner.model.prepare(row, slots)), slots)[0] for row in rows]

    async def compute(self, work: Callable[[], Computed]) -> Computed:
        return work()

    def model(self, role: str) -> Any:
        try:
            return self._runners(role).model
        except ZooError as error:
            raise ModelUnavailable(str(error)) from error
