"""The scheduler as one task sees it: ``tasks.runner.Runner`` on the loop's own batches."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..contract.errors import InferenceRefused
from ..core import Roi
from ..loaded.loaded_sound import ClipItem, LoadedAudioModel
from ..loaded.loaded_vision import FrameItem
from ..media.pictures import TaskFrame
from ..tasks.functions import TaskFunction
from ..tasks.runner import Picture
from .pending import PendingItems
from .task_threads import TaskThreads

Computed = TypeVar("Computed")


class TaskRunner:
    """One task's. ``models``: role to model id, of the roles it has used. ``deadline``: monotonic seconds."""

    def __init__(self, pending: PendingItems, threads: TaskThreads, share: int, deadline: float) -> None:
        self.models: dict[str, str] = {}
        self._pending = pending
        self._threads = threads
        self._share = share
        self._deadline = deadline

    async def perform(self, task_type: str, function: TaskFunction[Any, Any], payload: Any) -> Any:  # noqa: ARG002
        """Do the task for which this is; its reply."""
        return await function(payload, self)

    async def infer_picture(self, role: str, picture: Picture, roi: Roi | None = None) -> Any:
        """See ``tasks.runner.Runner``."""
        try:
            [output] = await self._infer(role, [FrameItem(TaskFrame(lambda: picture.bgr), roi)])
        except InferenceRefused:
            await self.compute(lambda: picture.bgr)  # where its bytes are to blame, this says how
            raise
        return output

    async def infer_windows(self, role: str, windows: NDArray[np.int16]) -> list[Any]:
        """See ``tasks.runner.Runner``."""
        return await self._infer(role, [ClipItem(window) for window in windows])

    async def infer_sequence(self, role: str, samples: NDArray[np.int16]) -> list[Any]:
        """See ``tasks.runner.Runner``. It is in no batch of the streams'."""
        self.model(role)
        loaded = self._pending.loaded(role)
        assert isinstance(loaded, LoadedAudioModel), f"{role} is no role whose model remembers"
        return await self.compute(partial(loaded.infer_sequence, samples))

    async def compute(self, work: Callable[[], Computed]) -> Computed:
        """See ``tasks.runner.Runner``."""
        return await self._threads.run(work, self._deadline)

    def model(self, role: str) -> Any:
        """See ``tasks.runner.Runner``."""
        if (library := self._pending.library_model(role)) is not None:
            self.models[role] = library.name
            return library
        loaded = self._pending.loaded(role)
        self.models[role] = loaded.name
        return loaded.model

    async def _infer(self, role: str, items: Sequence[FrameItem | ClipItem]) -> list[Any]:
        self.model(role)
        return await self._wait_for(role, items)

    async def _wait_for(self, role: str, items: Sequence[Any]) -> list[Any]:
        waiting = [self._pending.add(self._share, role, item, self._deadline) for item in items]
        try:
            return [await each.output for each in waiting]
        finally:
            for each in waiting:
                self._pending.withdraw(each)
