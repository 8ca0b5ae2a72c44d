"""One turn: violations start in all sessions, and are kept or not."""

import asyncio
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
    """``ages_ms``: of what was told; ``looks``: how many; ``cores``: the recorder's; ``kept``: evidence."""

    ages_ms: list[float]
    looks: float
    cores: float
    kept: int


async def turn(
    url: str, http: aiohttp.ClientSession, recorder: psutil.Process, wanted: dict[str, bool]
) -> Turn:
    """A violation starts in each session, of which this is to be kept."""
    await ask(http, wanted, violated=False)
    await asyncio.sleep(ENDS_S)
    cpu, looks, kept = busy_s(recorder), await served(http), await evidence(http)
    await ask(http, wanted, violated=True)
    await asyncio.sleep(SETTLE_S)
    told = await observations(url, SECONDS)
    ages = [event.frame_age_ms for events in told.values() for event in events]
    after, cores = await served(http), (busy_s(recorder) - cpu) / (SETTLE_S + SECONDS)
    if wanted is KEPT:
        await at_rest(http, kept + SESSIONS)
    looked = (sum(after.values()) - sum(looks.values())) / (SETTLE_S + SECONDS)
    return Turn(ages, looked, cores, await evidence(http) - kept)


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
