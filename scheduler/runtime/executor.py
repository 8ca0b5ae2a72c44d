"""Threads that prepare, run and decode batches, while the loop plans the next ones.

On CPU each thread has a core of its own: one-thread sessions side by side beat one session of many threads.
One more batch a thread may wait, so that cores go on at once while the loop takes in what they did. On CUDA
two threads share the device: one prepares while the other's batch runs.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..planning.batcher import ExecutorState

Result = TypeVar("Result")


class Executor:
    """``count`` jobs at a time, and as many that wait where threads have cores of their own."""

    def __init__(self, count: int, *, shared: bool, clock: Callable[[], float]) -> None:
        self._count = count
        self._shared = shared
        self._spare = 0 if shared else count
        self._clock = clock
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="executor")
        self._started: dict[Future[object], float] = {}

    @property
    def state(self) -> ExecutorState:
        """What planning needs to know."""
        free = self._count - len(self._started)
        return ExecutorState(max(free, 0), self._count, self._shared, self._spare + min(free, 0))

    def submit(self, job: Callable[[], Result], done: Callable[["Future[Result]"], None]) -> None:
        """Run ``job`` on the next free thread; ``done`` is called on the event loop with its outcome."""
        assert self.state.open, "the plan gave more batches than there are places"
        loop = asyncio.get_running_loop()
        future = self._pool.submit(job)
        self._started[future] = self._clock()  # type: ignore[index]

        def finished(future: "Future[Result]") -> None:
            del self._started[future]  # type: ignore[arg-type]
            done(future)

        future.add_done_callback(lambda future: loop.call_soon_threadsafe(finished, future))

    def longest(self) -> float:
        """Seconds that the oldest job is at work, 0 if none is."""
        return self._clock() - min(self._started.values(), default=self._clock())

    def close(self) -> None:
        """Take no more jobs and wait for those at work."""
        self._pool.shutdown(wait=True)
