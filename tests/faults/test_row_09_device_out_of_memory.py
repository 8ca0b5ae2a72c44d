"""A device that has no room for large batches: they become smaller and stay so, and no task is lost."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Feeds, whole_frame
from argusd.scheduler.engines.failures import failure
from argusd.scheduler.loaded.loaded_vision import FrameItem
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.runtime.executor import Executor

from ..scheduler.bench import Bench
from ..scheduler.fakes import FakeEngine
from .outcome import Outcome

TASKS, ROOM = 8, 2


class SmallDevice(FakeEngine):
    """An engine with room for ``ROOM`` rows; what it raises is worded as the library words it."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[int] = []

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        rows = len(feeds["x"])
        if rows > ROOM:
            self.refused.append(rows)
            raise failure(f"CUDA failure 2: out of memory ; GPU=0 ; a buffer of {rows} GB")
        return super().run(feeds)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """With one thread, so that all rows are in one batch."""
    bench = Bench()
    bench.executor.close()
    bench.scheduler.executor = bench.executor = Executor(1, shared=True, clock=lambda: bench.now)
    bench.vision_model.max_batch = TASKS
    yield bench
    bench.executor.close()


@pytest.mark.fault(9, "GPU out of memory (injected)")
async def test_batches_become_smaller_and_stay_so(bench: Bench, outcome: Outcome) -> None:
    bench.vision_model.engine = device = SmallDevice()
    pending, grey = bench.scheduler.pending, StillFrame(np.full((48, 64, 3), 7, np.uint8))
    share = pending.begin()
    for _ in range(2):
        item, deadline = FrameItem(grey, whole_frame(grey.info)), bench.now + 10
        asked = [pending.add(share, "face_detector", item, deadline) for _ in range(TASKS)]
        await bench.settle()
        assert [each.output.result() for each in asked] == [14.0] * TASKS
    assert device.refused == [8, 4]
    assert device.batches == [ROOM] * 8
    outcome.lost(0)
