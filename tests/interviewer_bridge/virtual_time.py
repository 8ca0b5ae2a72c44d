"""A clock that goes on only when everybody waits for it, and then by as much as the first of them wants."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

SETTLE = 50  # turns of the loop in which everything that can go on has done so


class VirtualTime:
    def __init__(self) -> None:
        self.now_s = 100.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._driver: asyncio.Task[None] | None = None

    def now(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now_s + seconds, next(self._order), future))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        await future

    async def _drive(self) -> None:
        while self._sleepers:
            for _ in range(SETTLE):
                await asyncio.sleep(0)
            due_s, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.now_s = max(self.now_s, due_s)
                future.set_result(None)

    def thread(self, cost_s: Callable[[Any], float]) -> Callable[..., Any]:
        """What takes the place of asyncio.to_thread: the call's result comes after its virtual cost."""

        async def run(function: Callable[..., Any], *arguments: Any) -> Any:
            result = function(*arguments)
            if (seconds := cost_s(result)) > 0:
                await self.sleep(seconds)
            return result

        return run
