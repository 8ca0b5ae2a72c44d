"""A peer that is a program of its own, run as its users run it."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from ..waiting import LONGEST_S
from .watch import Watch, one_face, whole_turn

HERE = Path(__file__).parent


class Program(NamedTuple):
    """A publisher at work; it says how far it is, one word a line."""

    process: Process

    async def says(self, word: str) -> None:
        """Wait until it says so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LONGEST_S):
            line = (await self.process.stdout.readline()).decode().strip()
        assert line == word, line or await self.complaint()

    async def complaint(self) -> str:
        """What it wrote before it failed."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def leave(self) -> None:
        """Have it end as by Ctrl-C, with a goodbye."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(LONGEST_S):
            await self.process.wait()

    def vanish(self) -> None:
        """End it with no time for a goodbye."""
        self.process.kill()


@asynccontextmanager
async def publishing(*command: str) -> AsyncIterator[Program]:
    """A program that publishes; it is killed at the end, if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=HERE, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def found_and_ended(watch: Watch, peer: Program) -> None:
    """What it shows and says is found, nothing else is, and its goodbye is understood."""
    await peer.says("published")
    await peer.says("connected")
    await watch.event("face", having=one_face)
    await watch.event("speech", "end", having=whole_turn)
    await peer.leave()
    assert (await watch.event("closed")).data["reason"] == "deleted"
    assert watch.violations() == []


async def lost(watch: Watch, peer: Program) -> None:
    """Its end without a goodbye is noticed by its silence."""
    await peer.says("published")
    await peer.says("connected")
    await watch.event("face", having=one_face)
    peer.vanish()
    await watch.event("stale")
    assert (await watch.event("closed")).data["reason"] == "silent"
