"""Waiting for what a test wants to see; if it never comes, the test fails and says what that was."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import getsource
from typing import TypeVar

Answer = TypeVar("Answer")
LONGEST_S = 120  # for a machine that is busy; a test that goes well waits for none of it


async def until(holds: Callable[[], bool], changed: asyncio.Event | None = None) -> None:
    """Return once ``holds()``; it is looked at after each change, or every millisecond where none is told."""
    try:
        async with asyncio.timeout(LONGEST_S):
            while not holds():
                if changed is None:
                    await asyncio.sleep(0.001)
                else:
                    changed.clear()
                    await changed.wait()
    except TimeoutError:
        raise AssertionError(f"never within {LONGEST_S} s: {getsource(holds).strip()}") from None


async def answered(ask: Callable[[], Awaitable[Answer]], wanted: Callable[[Answer], bool]) -> Answer:
    """Ask again and again, where nothing tells of a change, until the answer is as wanted; returns it."""
    answer = await ask()
    try:
        async with asyncio.timeout(LONGEST_S):
            while not wanted(answer):
                await asyncio.sleep(0.02)
                answer = await ask()
    except TimeoutError:
        raise AssertionError(f"still {answer} after {LONGEST_S} s, not {getsource(wanted).strip()}") from None
    return answer
