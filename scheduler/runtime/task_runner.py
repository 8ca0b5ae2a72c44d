"""The scheduler as one task sees it: ``tasks.runner.Runner`` on the loop's own batches."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core import AudioModel, Engine, Roi, whole_frame
from ..models.catalog import MODELS
from ..tasks.runner import Picture
from .loaded_model import LoadedAudioModel, LoadedVisionModel, Look
from .pending import PendingItem, PendingItems
from .still_frame import StillFrame
from .task_threads import TaskThreads

Computed = TypeVar("Computed")


class TaskRunner:
    """One task's. ``models``: role to model id, of the roles it has used. ``deadline``: monotonic seconds."""

    def __init__(self, pending: PendingItems, threads: TaskThreads, share: int, deadline: float) -> None:
        self.models: dict[str, str] = {}
        self._oneshots = pending
        self._threads = threads
        self._share = share
        self._deadline = deadline

    async def look(self, role: str, picture: Picture, roi: Roi | None = None) -> Any:
        """See ``tasks.runner.Runner``."""
        frame = StillFrame(picture.bgr)
        self.model(role)
        look = Look(frame, roi or whole_frame(frame.info))
        outputs = await self._all([self._oneshots.look(self._share, role, look, self._deadline)])
        return outputs[0]

    async def listen(self, role: str, windows: NDArray[np.int16]) -> list[Any]:
        """See ``tasks.runner.Runner``."""
        self.model(role)
        return await self._all(
            [self._oneshots.listen(self._share, role, window, self._deadline) for window in windows]
        )

    async def hear(self, role: str, samples: NDArray[np.int16]) -> list[Any]:
        """See ``tasks.runner.Runner``. A memory of its own keeps the streams' slots out of it."""
        self.model(role)
        served = self._oneshots.served(role)
        model = MODELS[served.name](served.name)
        assert isinstance(served, LoadedAudioModel), f"{role} is no role that listens"
        assert isinstance(model, AudioModel)
        return await self.compute(lambda: _hear(model, served.engine, samples))

    async def compute(self, work: Callable[[], Computed]) -> Computed:
        """See ``tasks.runner.Runner``."""
        return await self._threads.run(work, self._deadline)

    def model(self, role: str) -> Any:
        """See ``tasks.runner.Runner``."""
        if (whole := self._oneshots.whole.get(role)) is not None:
            self.models[role] = whole.name
            return whole
        served = self._oneshots.served(role)
        assert isinstance(served, LoadedVisionModel | LoadedAudioModel)
        self.models[role] = served.name
        return served.model

    async def _all(self, asks: Sequence[PendingItem]) -> list[Any]:
        try:
            return [await ask.output for ask in asks]
        finally:
            for ask in asks:
                self._oneshots.withdraw(ask)


def _hear(model: AudioModel, engine: Engine, samples: NDArray[np.int16]) -> list[Any]:
    slots = np.zeros(1, np.intp)
    model.reset(0)
    outputs: list[Any] = []
    for start in range(0, len(samples) - model.window + 1, model.window):
        feeds = model.prepare(samples[None, start : start + model.window], slots)
        outputs += model.decode(engine.run(feeds), slots)
    return outputs
