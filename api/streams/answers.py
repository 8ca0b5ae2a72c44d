"""What one client is still to be told."""

import asyncio
from collections import deque

import msgspec

from argusd.scheduler.contract.messages import Latest

MOST_WAITING = 16


class Answers:
    """Results of looks, oldest first. Overflow: the oldest goes, and counts as skipped in the next one."""

    def __init__(self) -> None:
        self._waiting: deque[Latest] = deque()
        self._passed_over = 0
        self._some = asyncio.Event()

    def put(self, latest: Latest) -> None:
        """One more, never waits."""
        if len(self._waiting) == MOST_WAITING:
            self._passed_over += self._waiting.popleft().skipped + 1
        self._waiting.append(latest)
        self._some.set()

    async def next(self) -> Latest:
        """The oldest, as soon as there is one."""
        await self._some.wait()
        latest = self._waiting.popleft()
        if not self._waiting:
            self._some.clear()
        skipped, self._passed_over = latest.skipped + self._passed_over, 0
        return msgspec.structs.replace(latest, skipped=skipped)
