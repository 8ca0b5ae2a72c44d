"""Evidence: what keeping pictures and clips of violations costs live work.

Real WebRTC sessions, on one daemon. In turn nothing is kept of them and everything; either way a violation
starts in each session at the beginning of its turn, so that as many clips are taken and encoded at once as
there are sessions. The publishers run on the same machine.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from statistics import median, quantiles

import aiohttp
import psutil

from argusd.scheduler.zoo.store import ZooStore

from ..harness import Metric, Result, machine, paired
from ..peers.portrait import portrait_clip
from ..rigs.cache import CACHE
from ..rigs.daemon import running_daemon
from ..serving.calls import Call
from .turns import KEPT, NOTHING, SECONDS, SESSIONS, SETTLE_S, Turn, turn

ROUNDS, WARM_UP_S = 3, 4.0


def main(quick: bool, rounds: int = ROUNDS) -> Result:
    """Turns with and without evidence; ends with status 1 where violations were not kept."""
    return judged(asyncio.run(measured(1 if quick else rounds)))


async def measured(rounds: int) -> list[tuple[Turn, Turn]]:
    """Each round's turn without evidence and its turn with it."""
    clip = portrait_clip(ZooStore(CACHE))
    found = []
    async with AsyncExitStack() as stack:
        url, server = await stack.enter_async_context(running_daemon(API__OVERCOMMIT="true"))
        http = await stack.enter_async_context(aiohttp.ClientSession(url))
        recorder = next(
            each for each in psutil.Process(server.pid).children() if "evidence" in each.cmdline()
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


def p95(turns: Iterable[Turn]) -> float:
    """95 % of what these turns told was no older, in ms."""
    return quantiles([age for turn in turns for age in turn.ages_ms], n=20)[-1]


def judged(rounds: Sequence[tuple[Turn, Turn]]) -> Result:
    """With evidence beside without."""
    without, with_evidence = zip(*rounds, strict=True)
    ratio = paired([p95([each]) for each in with_evidence], [p95([each]) for each in without])
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
                ratio.median,
                "x",
                "with evidence / without, median of paired rounds",
                target="<= 1.1",
                spread=ratio[1:],
            ),
            "looks": Metric(
                median(turn.looks for turn in with_evidence),
                "/s",
                "looks of models in all sessions",
                median(turn.looks for turn in without),
            ),
            "recorder_cores": Metric(
                median(turn.cores for turn in with_evidence),
                "",
                "of a core for each session, from its violation's beginning until all clips are there",
                median(turn.cores for turn in without),
            ),
            "clips_after": Metric(
                median(turn.seconds for turn in with_evidence),
                "s",
                f"from the violations' beginning until the clips of all {SESSIONS} are there",
            ),
            "kept": Metric(sum(kept), "", "violations with a picture and a clip"),
        },
        failures=[f"{count} violations of {SESSIONS} were kept" for count in kept if count != SESSIONS],
    )
