"""A server under measurement: its processes, from the start to the end, what they use and what they hold."""

import asyncio
import contextlib
import os
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO, NamedTuple

import aiohttp
import psutil

from ..harness import NotMeasurable

READY_WITHIN_S = 300.0
AT_REST_WITHIN_S = 30.0
AT_REST = 0.1  # cores that a server takes at most with nothing to do
ASK_AGAIN_S = 0.2
STOP_WITHIN_S = 15.0
LAST_LINES = 5
MB = 1e6


class Command(NamedTuple):
    """One process to start, and what its environment holds beyond ours."""

    words: Sequence[str]
    environment: Mapping[str, str] = {}


class Memory(NamedTuple):
    """Of all processes together, MB: resident, and resident with what several share divided among them."""

    resident: float
    proportional: float


class NotReady(NotMeasurable):
    """A server did not start; the message says what it said last."""


class Server:
    """Processes that serve at ``url``."""

    def __init__(self, url: str, processes: Sequence[Process]) -> None:
        self.url = url
        self._roots = [psutil.Process(process.pid) for process in processes]

    @property
    def pid(self) -> int:
        """Of the process that was started first."""
        return int(self._roots[0].pid)

    def cpu_seconds(self) -> float:
        """User and system time so far of all its processes, those included that have ended."""
        total = 0.0
        for member in self._members():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(member.cpu_times()[:4])  # a process' own, and that of children it has reaped
        return total

    async def at_rest(self) -> None:
        """Return once it does nothing for a second: some still load what slow tasks need when they serve."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AT_REST_WITHIN_S):
                busy = True
                while busy:
                    before = self.cpu_seconds()
                    await asyncio.sleep(1.0)
                    busy = self.cpu_seconds() - before > AT_REST

    def memory(self) -> Memory:
        """What its processes hold now."""
        resident = proportional = 0.0
        for member in self._members():
            with contextlib.suppress(psutil.NoSuchProcess):
                held = member.memory_full_info()
                resident, proportional = resident + held.rss / MB, proportional + held.pss / MB
        return Memory(resident, proportional)

    def _members(self) -> Iterator[psutil.Process]:
        for root in self._roots:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield root
                yield from root.children(recursive=True)


@asynccontextmanager
async def serving(commands: Sequence[Command], urls: Sequence[str]) -> AsyncIterator[Server]:
    """These processes, once all ``urls`` answer; the first is where they serve.

    A 404 counts as an answer: not everybody has a page for that. They are ended at the end.

    Raises:
        NotReady: a process ended, or did not answer in time.
    """
    processes: list[Process] = []
    with tempfile.TemporaryFile() as log:
        try:
            for command in commands:
                environment = os.environ | command.environment
                processes.append(
                    await asyncio.create_subprocess_exec(
                        *command.words, env=environment, stdin=DEVNULL, stdout=log, stderr=log
                    )
                )
            await _answering(urls, processes, log)
            yield Server(urls[0], processes)
        finally:
            await _end(processes)


async def _answering(urls: Sequence[str], processes: Sequence[Process], log: IO[bytes]) -> None:
    try:
        async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as http:
            for url in urls:
                while not await _answers(http, url):
                    if any(process.returncode is not None for process in processes):
                        raise NotReady(f"a process ended: {_last_lines(log)}")
                    await asyncio.sleep(ASK_AGAIN_S)
    except TimeoutError as error:
        raise NotReady(f"it did not answer within {READY_WITHIN_S:.0f} s: {_last_lines(log)}") from error


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.status in (200, 404, 405)
    except aiohttp.ClientError:
        return False


def _last_lines(log: IO[bytes]) -> str:
    log.seek(0)
    return " | ".join(log.read().decode(errors="replace").splitlines()[-LAST_LINES:])


async def _end(processes: Sequence[Process]) -> None:
    trees = [tree for process in processes for tree in _tree(process)]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_WITHIN_S):
            for process in processes:
                await process.wait()
    for member in trees:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    for process in processes:
        await process.wait()


def _tree(process: Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(process.pid)
        return [root, *root.children(recursive=True)]
    return []
