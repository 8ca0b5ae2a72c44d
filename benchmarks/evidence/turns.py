"""One turn: violations start in all sessions, and are kept or not."""

import asyncio
import time
from typing import Any, NamedTuple

import aiohttp
import psutil

from ..admission import MIXES
from ..rigs.daemon import observations, served

SESSIONS = 8
SECONDS, SETTLE_S = 9.0, 1.5
LOOKS_FOR_REST = 40
ENDS_S = 1.5  # until a violation that nobody asks about any more has ended
ANY_TURN = {"yaw_deg": 0.01, "pitch_deg": 0.01, "start_after_s": 0.0, "end_after_s": 0.0}
KEPT = {"snapshot": True, "clip": True}
NOTHING = {"snapshot": False, "clip": False}


class Turn(NamedTuple):
    """``ages_ms``: of what was told; ``looks``: how many a second; ``kept``: evidence.

    ``recorder_s``: the recorder's CPU time in the ``seconds`` from the violations' beginning until all clips
    are there; where none are made, until ages were taken.
    """

    ages_ms: list[float]
    looks: float
    recorder_s: float
    seconds: float
    kept: int

    @property
    def cores(self) -> float:
        """The recorder's share of a core, for each session."""
        return self.recorder_s / self.seconds / SESSIONS


async def turn(
    url: str, http: aiohttp.ClientSession, recorder: psutil.Process, wanted: dict[str, bool]
) -> Turn:
    """A violation starts in each session, of which this is to be kept."""
    await ask(http, wanted, violated=False)
    await asyncio.sleep(ENDS_S)
    looks, kept = await served(http), await evidence(http)
    cpu, began = busy_s(recorder), time.monotonic()
    await ask(http, wanted, violated=True)
    await asyncio.sleep(SETTLE_S)
    told = await observations(url, SECONDS)
    ages = [event.frame_age_ms for events in told.values() for event in events]
    looked = (sum((await served(http)).values()) - sum(looks.values())) / (SETTLE_S + SECONDS)
    if wanted is KEPT:
        await at_rest(http, kept + SESSIONS)
    recorder_s, seconds = busy_s(recorder) - cpu, time.monotonic() - began
    return Turn(ages, looked, recorder_s, seconds, await evidence(http) - kept)


async def ask(http: aiohttp.ClientSession, wanted: dict[str, bool], violated: bool) -> None:
    """Have all sessions violate their policy, or none; and this be kept of it."""
    mix = MIXES["all"].body
    policy: dict[str, Any] = {
        **mix["policy"],
        "evidence": wanted,
        "neutral": "off",
        "head_turned": {**ANY_TURN, "enabled": violated},
    }
    for number in range(SESSIONS):
        async with http.put(f"/sessions/s{number}", json={**mix, "policy": policy}) as response:
            response.raise_for_status()


async def at_rest(http: aiohttp.ClientSession, count: int) -> None:
    """Return once so much evidence is there; or after a while, when it is not."""
    for _ in range(LOOKS_FOR_REST):
        if await evidence(http) >= count:
            return
        await asyncio.sleep(0.5)


async def evidence(http: aiohttp.ClientSession) -> int:
    """How many clips and pictures of violations there are."""
    count = 0
    for number in range(SESSIONS):
        async with http.get(f"/sessions/s{number}/evidence") as response:
            found = (await response.json())["evidence"]
        count += sum(bool(each["clip"] and each["snapshot"]) for each in found)
    return count


def busy_s(process: psutil.Process) -> float:
    """The process's CPU time."""
    times = process.cpu_times()
    return float(times.user + times.system)
