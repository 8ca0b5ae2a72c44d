"""One-shot tasks over HTTP: the daemon beside what people would take instead, asked in turn in one run.

Every system gets the same pictures, and must answer as ours does before anything is timed. Then rounds: in
each, every number of callers meets every system, in an order that alternates. CPU is that of all processes of
a server. A rival without an environment (``make bench-peers``) is left out, and the result says so.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from statistics import median
from typing import NamedTuple

from .harness import Metric, Points, Result, Table, machine, paired, require_known
from .rivals.environments import is_made
from .rivals.systems import RIVALS, USUAL, Argusd
from .serving.callers import Client, Load
from .serving.material import pictures
from .serving.server import Memory, NotReady
from .serving.system import System, running
from .serving.work import WORKS, Work

TASKS = tuple(work.task for work in WORKS)
CALLERS = (1, 4, 16)
ROUNDS, QUICK_ROUNDS = 5, 1
SECONDS, QUICK_SECONDS = 4.0, 1.5
WARM_UP_S = 1.0


class Figure(NamedTuple):
    """One figure of a ``Load``, and which of the others' is the one to be compared with."""

    unit: str
    meaning: str
    best: Callable[..., float | None]
    target: str


FIGURES = {
    "per_s": Figure("1/s", "requests", max, ">= every rival's"),
    "p50_ms": Figure("ms", "median", min, ""),
    "p99_ms": Figure("ms", "99th percentile", min, "<= every rival's"),
    "cpu_ms": Figure("ms", "CPU a request", min, "<= 1.05 x the least"),
    "cores": Figure("", "cores used", max, ""),
}


class Turns(NamedTuple):
    """What systems did about one task: ``loads`` of each by (name, callers), one a round; ours is the first.

    ``failures``: who does not answer as ours does, and how. ``notes``: who is not there, and why.
    """

    work: Work
    names: list[str]
    loads: dict[tuple[str, int], list[Load]]
    memory: dict[str, Memory]
    failures: list[str]
    notes: list[str]


def main(
    quick: bool,
    rivals: Sequence[str] = USUAL,
    callers: Sequence[int] = CALLERS,
    rounds: int | None = None,
    seconds: float | None = None,
    tasks: Sequence[str] = TASKS,
    systems: Sequence[System] = (),
) -> Result:
    """Some tasks, ours beside these rivals'; or these systems, the first beside the others.

    Raises:
        NotMeasurable: there is no such task, or no such rival.
    """
    require_known("task", tasks, TASKS)
    require_known("rival", rivals, RIVALS)
    rounds = rounds or (QUICK_ROUNDS if quick else ROUNDS)
    seconds = seconds or (QUICK_SECONDS if quick else SECONDS)
    systems = systems or [Argusd(), *(RIVALS[name] for name in rivals if is_made(name))]
    found = [
        asyncio.run(measure(work, systems, callers, rounds, seconds)) for work in WORKS if work.task in tasks
    ]
    absent = [name for name in rivals if not is_made(name)]
    return Result(
        "tasks",
        machine(),
        served=sum(load.served for turns in found for loads in turns.loads.values() for load in loads),
        metrics={name: metric for turns in found for name, metric in metrics_of(turns)},
        series={name: points for turns in found for name, points in series_of(turns)},
        axes=("callers", ""),
        tables=[table for turns in found for table in tables_of(turns)],
        notes=[f"{name} has no environment here; `make bench-peers` makes it" for name in absent]
        + [note for turns in found for note in turns.notes],
        failures=[failure for turns in found for failure in turns.failures],
    )


async def measure(
    work: Work, systems: Sequence[System], callers: Sequence[int], rounds: int, seconds: float
) -> Turns:
    """Start all, compare their answers with those of the first, then let callers ask them in turn."""
    turns = Turns(work, [], defaultdict(list), {}, [], [])
    async with AsyncExitStack() as stack:
        clients: list[Client] = []
        for system in systems:
            try:
                server = await stack.enter_async_context(running(system, work))
            except NotReady as error:
                turns.notes.append(f"{system.name} did not start: {error}")
            else:
                clients.append(Client(system, server, work, pictures()))
        for client in clients:
            await client.server.at_rest()
        right = await clients[0].answers()
        for client in tuple(clients):
            answers = await client.answers()
            if reasons := [why for why in map(work.difference, right, answers) if why]:
                turns.failures.append(
                    f"{client.system.name} answers {work.task} otherwise than {systems[0].name}: {reasons[0]}"
                )
                clients.remove(client)
            else:
                turns.names.append(client.system.name)
                await client.load(max(callers), WARM_UP_S)
        for number in range(rounds):
            for many in callers:
                for client in clients if number % 2 == 0 else reversed(clients):
                    turns.loads[client.system.name, many].append(await client.load(many, seconds))
        turns.memory.update((client.system.name, client.server.memory()) for client in clients)
    return turns


def metrics_of(turns: Turns) -> Iterator[tuple[str, Metric]]:
    """Ours beside the best of the others, then ours over each other's."""
    ours, *others = turns.names
    for many in callers_of(turns):
        for field, figure in FIGURES.items():
            values = {name: column(turns, name, many, field) for name in turns.names}
            name, about = f"{turns.work.task}_{many}_{field}", f"{many} callers: {figure.meaning}"
            best = figure.best((median(values[other]) for other in others), default=None)
            spread = min(values[ours]), max(values[ours])
            yield name, Metric(median(values[ours]), figure.unit, about, best, figure.target, spread)
            if not figure.target:
                continue
            for other in others:
                ratio = paired(values[ours], values[other])
                meaning = f"the same, {ours} / {other}, median of paired rounds"
                yield f"{name}_over_{other}", Metric(ratio.median, "x", meaning, spread=ratio[1:])
    for name, memory in turns.memory.items():
        meaning = f"resident memory of all its processes (proportional: {memory.proportional:.0f})"
        yield f"{turns.work.task}_{name}_mb", Metric(memory.resident, "MB", meaning)


def tables_of(turns: Turns) -> Iterator[Table]:
    """Medians of each system, then ours over each other's."""
    ours, *others = turns.names
    fields = list(FIGURES)
    yield Table(
        f"{turns.work.task}: medians of rounds",
        ["callers, system", *(f"{figure.meaning}, {figure.unit}" for figure in FIGURES.values())],
        [
            [f"{many} {name}", *(median(column(turns, name, many, field)) for field in fields)]
            for many in callers_of(turns)
            for name in turns.names
        ],
    )
    yield Table(
        f"{turns.work.task}: {ours} over each, medians of paired rounds (lowest to highest)",
        ["callers, system", *(figure.meaning for figure in FIGURES.values())],
        [
            [
                f"{many} {other}",
                *(
                    str(paired(column(turns, ours, many, field), column(turns, other, many, field)))
                    for field in fields
                ),
            ]
            for many in callers_of(turns)
            for other in others
        ],
    )


def series_of(turns: Turns) -> Iterator[tuple[str, Points]]:
    """Medians over the number of callers, a panel for each figure."""
    for field, figure in FIGURES.items():
        panel = f"{turns.work.task}: {figure.meaning}, {figure.unit}".rstrip(", ")
        for name in turns.names:
            points = [(float(many), median(column(turns, name, many, field))) for many in callers_of(turns)]
            yield f"{panel}/{name}", points


def callers_of(turns: Turns) -> list[int]:
    """How many callers there were, from few to many."""
    return sorted({many for _, many in turns.loads})


def column(turns: Turns, name: str, many: int, field: str) -> list[float]:
    """One figure of a system, by round."""
    return [getattr(load, field) for load in turns.loads[name, many]]
