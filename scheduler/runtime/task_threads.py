"""Threads for what tasks compute beside the loop: decoding, and models that their own library runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Computed = TypeVar("Computed")


class TaskThreads:
    """At most ``count`` jobs at a time; further ones wait, and are dropped when their task ends before.

    A thread cannot be stopped: a job goes on after its task was given up. One that goes on for long while no
    other ends means that a library hangs, and ``overdue`` tells; jobs may wait for each other in a library.
    """

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="task")
        self._clock = clock
        self._deadlines: dict[object, float] = {}
        self._last_end = clock()

    async def run(self, work: Callable[[], Computed], deadline: float) -> Computed:
        """Run ``work``; ``deadline`` is its task's, in monotonic seconds."""

        def watched() -> Computed:
            job = object()
            self._deadlines[job] = deadline
            try:
                return work()
            finally:
                del self._deadlines[job]
                self._last_end = self._clock()

        return await asyncio.get_running_loop().run_in_executor(self._pool, watched)

    def overdue(self) -> float:
        """Seconds for which a job at work has been past its deadline and no job has ended."""
        now = self._clock()
        earliest = min(list(self._deadlines.values()), default=now)
        return max(0.0, now - max(earliest, self._last_end))

    @property
    def busy(self) -> bool:
        """Whether a job is at work; the interpreter would wait for its thread before it ends."""
        return bool(self._deadlines)

    def close(self) -> None:
        """Take no more jobs; those at work are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
