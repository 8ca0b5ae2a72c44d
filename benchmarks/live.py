"""Live sessions by WebSocket beside the plain design: the age of answers, the looks served, and their cost.

Each session shows a face 5 times a second and the room once, and speaks. Both get the same numbers of
sessions in turn. The limit is the largest of these numbers at which, for it and for all below, every stream's
95th percentile of the age is at most a second and 95 % of its messages are answered. With three numbers or
more the slope of a further session is told as well.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import uuid4

from .harness import Result, machine
from .report.live_runs import Runs, metrics_of, series_of, tables_of
from .rivals.environments import is_made
from .rivals.systems import RIVALS, Argusd
from .serving.alike import difference, said
from .serving.interviews import interviews
from .serving.material import pictures, windows
from .serving.system import System, running

NUMBERS, QUICK_NUMBERS = (4, 6, 8, 12, 16, 24), (2, 4)
SECONDS, QUICK_SECONDS = 8.0, 4.0
WARM_UP_S = 3.0
SETTLE_S = 3.0
WRONG = 0.01  # of the answers: the first ones come before anybody was seen


def main(
    quick: bool,
    rivals: Sequence[str] = ("plain",),
    numbers: Sequence[int] = (),
    rounds: int = 1,
    seconds: float | None = None,
    systems: Sequence[System] = (),
) -> Result:
    """So many sessions, ours beside the plain design's; or these systems, the first beside the others."""
    systems = systems or [Argusd(), *(RIVALS[name] for name in rivals if is_made(name))]
    numbers = numbers or (QUICK_NUMBERS if quick else NUMBERS)
    seconds = seconds or (QUICK_SECONDS if quick else SECONDS)
    runs, differences = asyncio.run(measure(systems, numbers, rounds, seconds))
    names = [system.name for system in systems]
    return Result(
        "live",
        machine(),
        served=sum(figures.served for each in runs.values() for figures in each),
        metrics=dict(metrics_of(runs, names)),
        series=series_of(runs, names),
        axes=("sessions", ""),
        tables=list(tables_of(runs, names)),
        failures=differences
        + [
            f"{name} was wrong {each.wrong} times of {each.served} with {number} sessions"
            for (name, number), figures in runs.items()
            for each in figures
            if each.wrong > WRONG * each.served
        ],
        notes=[
            f"{name} has no environment here; `make bench-peers` makes it"
            for name in rivals
            if not is_made(name)
        ],
    )


async def measure(
    systems: Sequence[System], numbers: Sequence[int], rounds: int, seconds: float
) -> tuple[Runs, list[str]]:
    """Start all, hear who says something else than the first, then give everybody each number in turn."""
    runs: Runs = defaultdict(list)
    differences: list[str] = []
    messages = {"face": pictures(), "video": pictures(), "audio": windows()}

    async with AsyncExitStack() as stack:
        servers = [(system, await stack.enter_async_context(running(system))) for system in systems]
        await asyncio.sleep(SETTLE_S)
        right = await said(servers[0][1], messages)
        for system, server in servers[1:]:
            if reason := difference(right, await said(server, messages)):
                differences.append(f"{system.name} says otherwise than {systems[0].name}: {reason}")
        for turn in range(rounds):
            for at, number in enumerate(numbers):
                for system, server in servers if (turn + at) % 2 == 0 else reversed(servers):
                    ours, run = isinstance(system, Argusd), uuid4().hex[:8]
                    runs[system.name, number].append(
                        await interviews(server, number, seconds, WARM_UP_S, messages, ours, run)
                    )
    return runs, differences
