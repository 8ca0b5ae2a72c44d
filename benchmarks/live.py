"""Live sessions by WebSocket beside the plain design: the age of answers, the looks served, and their cost.

Each session shows a face 5 times a second and the room once, and speaks. Both get the same numbers of
sessions in turn. The limit is the largest of these numbers at which, for it and for all below, every stream's
95th percentile of the age is at most a second and 95 % of its messages are answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from statistics import median
from typing import NamedTuple
from uuid import uuid4

from .harness import Metric, Points, Result, Table, machine
from .report.lines import line
from .rivals.environments import is_made
from .rivals.systems import RIVALS, Argusd
from .serving.alike import difference, said
from .serving.interviews import RATES, Figures, interviews
from .serving.material import pictures, windows
from .serving.server import Server
from .serving.system import System, running

NUMBERS, QUICK_NUMBERS = (4, 6, 8, 12, 16, 24), (2, 4)
SECONDS, QUICK_SECONDS = 8.0, 4.0
WARM_UP_S = 3.0
SETTLE_S = 3.0
WRONG = 0.01  # of the answers: the first ones come before anybody was seen
PROMISED_MS, PROMISED_LOOKS = 1000.0, 0.95

Runs = dict[tuple[str, int], list[Figures]]  # of a system with so many sessions, by round


class Figure(NamedTuple):
    """One figure of a run, and what it should be."""

    unit: str
    target: str
    read: Callable[[Figures], float]


def _of_streams(field: str, unit: str, target: str = "") -> dict[str, Figure]:
    def of(domain: str) -> Callable[[Figures], float]:
        return lambda figures: float(getattr(figures.streams[domain], field))

    return {f"{domain}_{field}": Figure(unit, target, of(domain)) for domain in RATES}


PANELS = {
    "age, p50, ms": _of_streams("p50_ms", "ms", "<= 1.1 x the plain design's"),
    "age, p95, ms": _of_streams("p95_ms", "ms", "<= 1.1 x the plain design's"),
    "looks served": _of_streams("looks", "x"),
    "age, p95, last third / first": _of_streams("trend", "x", "~ 1"),
    "most / least looked at": _of_streams("uneven", "x", "<= 1.2"),
    "cores used": {
        "cores": Figure("", "", lambda figures: figures.cores),
        "client_cores": Figure("", "", lambda figures: figures.client_cores),
    },
    "CPU ms a session and second": {
        "cpu_ms_per_session_s": Figure("ms", "", lambda figures: figures.cpu_ms_per_session_s)
    },
    "memory, MB": {
        "resident_mb": Figure("MB", "", lambda figures: figures.memory.resident),
        "proportional_mb": Figure("MB", "", lambda figures: figures.memory.proportional),
    },
}
"""What is told of a run, by what it is."""

SLOPES = {"cores": "", "proportional_mb": "MB", "face_p95_ms": "ms"}
"""What should grow along a line up to the limit."""


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
    return Result(
        "live",
        machine(),
        served=sum(figures.served for each in runs.values() for figures in each),
        metrics=dict(metrics_of(runs, [system.name for system in systems])),
        series=series_of(runs),
        axes=("sessions", ""),
        tables=list(tables_of(runs)),
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

    async def run(system: System, server: Server, number: int, for_s: float) -> Figures:
        ours = isinstance(system, Argusd)
        return await interviews(server, number, for_s, WARM_UP_S, messages, ours, uuid4().hex[:8])

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
                    runs[system.name, number].append(await run(system, server, number, seconds))
    return runs, differences


def held(figures: Sequence[Figures]) -> bool:
    """Whether what is promised holds, by the median of rounds."""
    return (
        median(each.p95_ms for each in figures) <= PROMISED_MS
        and median(each.looks for each in figures) >= PROMISED_LOOKS
    )


def limit(runs: Runs, name: str) -> int:
    """The largest number of sessions at which the promise holds, and did for all below; 0: for none."""
    largest = 0
    for number in sorted(number for other, number in runs if other == name):
        if not held(runs[name, number]):
            break
        largest = number
    return largest


def metrics_of(runs: Runs, names: Sequence[str]) -> Iterator[tuple[str, Metric]]:
    """Ours, beside the plain design's."""
    ours, *others = names
    for number in sorted({number for _, number in runs}):
        for about, figures in PANELS.items():
            for name, (unit, target, read) in figures.items():
                mine = list(map(read, runs[ours, number]))
                theirs = [median(map(read, runs[other, number])) for other in others]
                beside = theirs[0] if theirs else None
                meaning, spread = f"{number} sessions: {about}", (min(mine), max(mine))
                yield f"n{number}_{name}", Metric(median(mine), unit, meaning, beside, target, spread)
    for name in names:
        meaning = f"{name}: most sessions with p95 <= {PROMISED_MS:.0f} ms and looks >= {PROMISED_LOOKS}"
        yield f"limit_{name}", Metric(limit(runs, name), "", meaning)
        for figure, unit in SLOPES.items():
            if found := line(points_of(runs, name, figure)):
                meaning = f"{name}: {figure} of one session more; the line explains {found.fit:.0%}"
                yield f"slope_{figure}_{name}", Metric(found.slope, unit, meaning)


def points_of(runs: Runs, name: str, figure: str) -> Points:
    """A figure of a system over the numbers of sessions."""
    read = next(figures[figure].read for figures in PANELS.values() if figure in figures)
    return [
        (number, median(map(read, found)))
        for (system, number), found in sorted(runs.items())
        if system == name
    ]


def tables_of(runs: Runs) -> Iterator[Table]:
    """A table for each panel; a row for each number of sessions and system."""
    rows = sorted(runs.items(), key=lambda item: (item[0][1], item[0][0]))
    for about, figures in PANELS.items():
        yield Table(
            f"{about}: medians of rounds",
            ["sessions, system", *figures],
            [
                [f"{number} {system}", *(median(map(figure.read, found)) for figure in figures.values())]
                for (system, number), found in rows
            ],
        )


def series_of(runs: Runs) -> dict[str, Points]:
    """Every figure over the number of sessions."""
    series: dict[str, Points] = {}
    for about, figures in PANELS.items():
        for name in figures:
            for system in sorted({system for system, _ in runs}):
                series[f"{about}/{name}, {system}"] = points_of(runs, system, name)
    return series
