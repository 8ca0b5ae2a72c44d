"""Threads for what tasks compute beside the loop: decoding, and models that their own library runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Computed = TypeVar("Computed")


class TaskThreads:
    """At most ``count`` jobs at a time; further ones wait, and are dropped when their task ends before.

    A thread cannot be stopped: a job goes on after its task was given up. One that goes on for long means
    that a library hangs, and ``overdue`` tells.
    """

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="task")
        self._clock = clock
        self._deadlines: dict[object, float] = {}

    async def run(self, work: Callable[[], Computed], deadline: float) -> Computed:
        """Run ``work``; ``deadline`` is its task's, in monotonic seconds."""

        def watched() -> Computed:
            job = object()
            self._deadlines[job] = deadline
            try:
                return work()
            finally:
                del self._deadlines[job]

        return await asyncio.get_running_loop().run_in_executor(self._pool, watched)

    def overdue(self) -> float:
        """Seconds since the earliest deadline of the jobs at work, 0 while none has passed."""
        return max(0.0, self._clock() - min(list(self._deadlines.values()), default=self._clock()))

    def close(self) -> None:
        """Take no more jobs; those at work are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
