"""Threads that prepare, run and decode batches, while the loop plans the next ones.

On CPU each thread has a core of its own: one-thread sessions side by side beat one session of many threads.
One more batch a thread may wait, so that cores go on at once while the loop takes in what they did. Long
batches have as many threads more: a short one begins at once, and the operating system lets them take turns.
On CUDA two threads share the device: one prepares while the other's batch runs.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from ..planning.batcher import ExecutorState

Result = TypeVar("Result")


class _Job(NamedTuple):
    started: float
    long: bool


class Executor:
    """``count`` jobs at a time, and as many that wait where threads have cores of their own."""

    def __init__(self, count: int, *, shared: bool, clock: Callable[[], float]) -> None:
        self._count = count
        self._shared = shared
        self._clock = clock
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="executor")
        self._long_pool = ThreadPoolExecutor(count, thread_name_prefix="long")
        self._jobs: dict[Future[object], _Job] = {}

    @property
    def state(self) -> ExecutorState:
        """What planning needs to know."""
        long = sum(job.long for job in self._jobs.values())
        return state_of(self._count, len(self._jobs) - long, long, shared=self._shared)

    def submit(
        self, job: Callable[[], Result], done: Callable[["Future[Result]"], None], *, long: bool = False
    ) -> None:
        """Run ``job`` on the next free thread; ``done`` is called on the event loop with its outcome.

        ``long``: those that are not run beside it, where threads have cores of their own.
        """
        assert self.state.open(long=long), "the plan gave more batches than there are places"
        loop = asyncio.get_running_loop()
        apart = long and not self._shared
        future = (self._long_pool if apart else self._pool).submit(job)
        self._jobs[future] = _Job(self._clock(), apart)  # type: ignore[index]

        def finished(future: "Future[Result]") -> None:
            del self._jobs[future]  # type: ignore[arg-type]
            done(future)

        future.add_done_callback(lambda future: loop.call_soon_threadsafe(finished, future))

    def run_here(self, job: Callable[[], Result]) -> "Future[Result]":
        """Run a job that takes less than handing it over; its outcome."""
        future: Future[Result] = Future()
        try:
            future.set_result(job())
        except Exception as error:
            future.set_exception(error)
        return future

    def longest(self) -> float:
        """Seconds that the oldest job is at work, 0 if none is."""
        now = self._clock()
        return now - min((job.started for job in self._jobs.values()), default=now)

    def close(self) -> None:
        """Take no more jobs and wait for those at work."""
        self._pool.shutdown(wait=True)
        self._long_pool.shutdown(wait=True)


def state_of(count: int, short: int, long: int, *, shared: bool) -> ExecutorState:
    """What is left of so many threads for either kind, while so many batches run or wait on them."""
    spare = 0 if shared else count - max(0, short - count)
    return ExecutorState(max(0, count - short), count, shared, spare, long)
