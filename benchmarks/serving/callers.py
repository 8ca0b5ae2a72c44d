"""Callers of one-shot tasks: each asks, waits for the answer, and asks again."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp

from ..harness import percentile
from .server import Server
from .system import System
from .work import Answer, Work


class Load(NamedTuple):
    """What ``callers`` got in one turn. ``cpu_ms``: of all the server's processes, a request."""

    callers: int
    served: int
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    cores: float


class WrongAnswer(Exception):
    """A system answered with an error, or with something else than the picture shows."""


class Client:
    """Asks one system about pictures, in turn."""

    def __init__(self, system: System, server: Server, work: Work, pictures: Sequence[bytes]) -> None:
        self.system = system
        self.server = server
        self._work = work
        self._pictures = pictures

    async def answers(self) -> list[Answer]:
        """What it says to each of the pictures."""
        async with aiohttp.ClientSession(self.server.url) as http:
            return [await self.ask(http, number) for number in range(len(self._pictures))]

    async def ask(self, http: aiohttp.ClientSession, number: int) -> Answer:
        """Ask once.

        Raises:
            WrongAnswer: the answer is of no use.
        """
        request = self.system.request(self._work, self._pictures[number % len(self._pictures)])
        headers = {"Content-Type": request.content_type}
        async with http.post(request.path, data=request.body, headers=headers) as response:
            body = await response.read()
        if response.status != 200:
            raise WrongAnswer(f"{self.system.name} answered {response.status}: {body[:200]!r}")
        answer = self.system.result(body)
        if not self._work.usable(answer):
            raise WrongAnswer(f"{self.system.name} does not see what is there: {str(answer)[:200]}")
        return answer

    async def load(self, callers: int, seconds: float) -> Load:
        """So many callers at the same time, for so long.

        Raises:
            WrongAnswer: an answer is of no use.
        """
        took: list[float] = []
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self.server.url, connector=connector) as http:
            begun, cpu = time.monotonic(), self.server.cpu_seconds()

            async def call(number: int) -> None:
                while (asked := time.monotonic()) < begun + seconds:
                    await self.ask(http, number)
                    took.append(time.monotonic() - asked)
                    number += callers

            async with asyncio.TaskGroup() as group:
                for number in range(callers):
                    group.create_task(call(number))
            lasted, used = time.monotonic() - begun, self.server.cpu_seconds() - cpu
        return Load(
            callers,
            len(took),
            len(took) / lasted,
            1e3 * percentile(took, 50),
            1e3 * percentile(took, 99),
            1e3 * used / len(took),
            used / lasted,
        )
