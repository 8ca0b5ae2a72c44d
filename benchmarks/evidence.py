"""Evidence: what keeping pictures and clips of violations costs live work.

Real WebRTC sessions, on one daemon. In turn nothing is kept of them and everything; either way a violation
starts in each session at the beginning of its turn, so that as many clips are taken and encoded at once as
there are sessions. The publishers run on the same machine.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from statistics import median, quantiles
from typing import Any, NamedTuple

import aiohttp
import psutil

from argusd.scheduler.zoo.store import ZooStore

from .admission import MIXES
from .harness import Metric, Result, machine
from .peers.portrait import portrait_clip
from .rigs.daemon import observations, running_daemon, served
from .serving.calls import Call
from .serving.material import CACHE

SESSIONS = 8
ROUNDS, SECONDS, SETTLE_S = 3, 6.0, 1.5
WARM_UP_S = 4.0
LOOKS_FOR_KEPT = 20
ENDS_S = 2.5  # until a violation that nobody asks about any more has ended
KEPT = {"snapshot": True, "clip": True}
NOTHING = {"snapshot": False, "clip": False}


class Turn(NamedTuple):
    """``ages_ms``: of what was told; ``looks``: how many; ``cores``: the recorder's; ``kept``: evidence."""

    ages_ms: list[float]
    looks: float
    cores: float
    kept: int


def main(quick: bool, rounds: int = ROUNDS) -> Result:
    """Turns with and without evidence; ends with status 1 where violations were not kept."""
    return judged(asyncio.run(measured(1 if quick else rounds)))


async def measured(rounds: int) -> list[tuple[Turn, Turn]]:
    """Each round's turn without evidence and its turn with it."""
    clip = portrait_clip(ZooStore(CACHE))
    found = []
    async with AsyncExitStack() as stack:
        url, process = await stack.enter_async_context(running_daemon(API__OVERCOMMIT="true"))
        http = await stack.enter_async_context(aiohttp.ClientSession(url))
        recorder = next(
            each for each in psutil.Process(process.pid).children() if "evidence" in each.cmdline()
        )
        for number in range(SESSIONS):
            await stack.enter_async_context(Call(url, f"s{number}", clip).published())
        await asyncio.sleep(WARM_UP_S)
        for round_ in range(rounds):
            turns = {}
            for wanted in (NOTHING, KEPT) if round_ % 2 == 0 else (KEPT, NOTHING):
                turns[wanted is KEPT] = await turn(url, http, recorder, wanted)
            found.append((turns[False], turns[True]))
    return found


async def turn(
    url: str, http: aiohttp.ClientSession, recorder: psutil.Process, wanted: dict[str, bool]
) -> Turn:
    """A violation starts in each session, of which this is to be kept."""
    await ask(http, wanted, people=1)
    await asyncio.sleep(ENDS_S)
    cpu, looks, kept = busy_s(recorder), await served(http), await evidence(http)
    await ask(http, wanted, people=0)
    await asyncio.sleep(SETTLE_S)
    told = await observations(url, SECONDS)
    ages = [event.frame_age_ms for events in told.values() for event in events]
    after, cores = await served(http), (busy_s(recorder) - cpu) / (SETTLE_S + SECONDS)
    if wanted is KEPT:
        await all_kept(http, kept + SESSIONS)
    looked = (sum(after.values()) - sum(looks.values())) / (SETTLE_S + SECONDS)
    return Turn(ages, looked, cores, await evidence(http) - kept)


async def ask(http: aiohttp.ClientSession, wanted: dict[str, bool], people: int) -> None:
    """Have so many people be allowed in all sessions, and this be kept of violations."""
    mix = MIXES["all"].body
    policy: dict[str, Any] = {
        **mix["policy"],
        "rates": {**mix["policy"]["rates"], "object_detector": 1.0},
        "evidence": wanted,
        "multiple_people": {"allowed": people, "start_after_s": 0.0, "end_after_s": 0.0},
    }
    for number in range(SESSIONS):
        async with http.put(f"/sessions/s{number}", json={**mix, "policy": policy}) as response:
            response.raise_for_status()


async def all_kept(http: aiohttp.ClientSession, count: int) -> None:
    """Return once so much evidence is there; or after a while, when it is not."""
    for _ in range(LOOKS_FOR_KEPT):
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


def p95(turns: Iterable[Turn]) -> float:
    """95 % of what these turns told was no older, in ms."""
    return quantiles([age for turn in turns for age in turn.ages_ms], n=20)[-1]


def judged(rounds: Sequence[tuple[Turn, Turn]]) -> Result:
    """With evidence beside without."""
    without, with_evidence = zip(*rounds, strict=True)
    ratios = sorted(p95([kept]) / p95([before]) for before, kept in rounds)
    kept = [turn.kept for turn in with_evidence]
    return Result(
        "evidence",
        machine(),
        served=round(sum(turn.looks for pair in rounds for turn in pair) * (SETTLE_S + SECONDS)),
        metrics={
            "age_p95": Metric(
                p95(with_evidence),
                "ms",
                f"95 % of what {SESSIONS} sessions tell is no older, while all violations are kept",
                p95(without),
            ),
            "age_p95_over_without": Metric(
                p95(with_evidence) / p95(without),
                "x",
                "with evidence / without",
                None,
                "<= 1.1",
                (ratios[0], ratios[-1]),
            ),
            "looks": Metric(
                median(turn.looks for turn in with_evidence),
                "/s",
                "looks of models in all sessions",
                median(turn.looks for turn in without),
            ),
            "recorder_cores": Metric(
                median(turn.cores for turn in with_evidence) / SESSIONS,
                "",
                f"of a core for each session, with a clip in each {SETTLE_S + SECONDS:.0f} s",
                median(turn.cores for turn in without) / SESSIONS,
            ),
            "kept": Metric(sum(kept), "", "violations with a picture and a clip"),
        },
        failures=[f"{count} violations of {SESSIONS} were kept" for count in kept if count != SESSIONS],
    )
