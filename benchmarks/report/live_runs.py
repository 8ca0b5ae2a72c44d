"""What is told of live runs: figures by number of sessions, limits, slopes, tables and curves. Pure."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from ..harness import Metric, Points, Table, cell, paired
from ..serving.interviews import RATES, Figures
from .lines import Line, line

PROMISED_MS, PROMISED_LOOKS = 1000.0, 0.95
"""What must hold, of every stream, for a number of sessions to count as served."""

Runs = dict[tuple[str, int], list[Figures]]  # of a system with so many sessions, by round


class Figure(NamedTuple):
    """One figure of a run, and what it should be."""

    meaning: str
    target: str
    read: Callable[[Figures], float]


def _of_stream(domain: str) -> dict[str, Figure]:
    def of(field: str) -> Callable[[Figures], float]:
        return lambda figures: float(getattr(figures.streams[domain], field))

    return {
        f"{domain}_first_ms": Figure("first answer's age p50, ms", "", of("first_p50_ms")),
        f"{domain}_p50_ms": Figure("age p50, ms", "<= 1.1 x the plain design's", of("p50_ms")),
        f"{domain}_p95_ms": Figure("age p95, ms", "<= 1.1 x the plain design's", of("p95_ms")),
        f"{domain}_looks": Figure("looks served", ">= 0.95 up to the limit", of("looks")),
        f"{domain}_trend": Figure("p95, last third / first", "~ 1", of("trend")),
        f"{domain}_uneven": Figure("most / least looked at", "<= 1.2", of("uneven")),
    }


TOLD = {
    **{domain: _of_stream(domain) for domain in RATES},
    "cost": {
        "cores": Figure("cores used", "", lambda run: run.cores),
        "client_cores": Figure("cores of the sessions' own side", "", lambda run: run.client_cores),
        "cpu_ms": Figure("CPU ms a session and second", "", lambda run: run.cpu_ms_per_session_s),
        "resident_mb": Figure("resident MB", "", lambda run: run.memory.resident),
        "proportional_mb": Figure("proportional MB", "", lambda run: run.memory.proportional),
    },
}
FIGURES = {name: figure for figures in TOLD.values() for name, figure in figures.items()}
SLOPES = ("cores", "proportional_mb", "face_p50_ms", "face_p95_ms", "video_p95_ms", "audio_p95_ms")
"""What should grow along a line up to the limit; the line is of the numbers of sessions up to there."""


def numbers_of(runs: Runs) -> list[int]:
    """How many sessions there were, from few to many."""
    return sorted({number for _, number in runs})


def values(runs: Runs, system: str, number: int, name: str) -> list[float]:
    """A figure by round."""
    return list(map(FIGURES[name].read, runs[system, number]))


def curve(runs: Runs, system: str, name: str) -> Points:
    """A figure's median over the number of sessions."""
    return [(float(number), median(values(runs, system, number, name))) for number in numbers_of(runs)]


def held(runs: Sequence[Figures]) -> bool:
    """Whether what is promised holds, by the median of rounds."""
    late, looks = median(run.p95_ms for run in runs), median(run.looks for run in runs)
    return late <= PROMISED_MS and looks >= PROMISED_LOOKS


def limit(runs: Runs, system: str) -> int:
    """The largest number of sessions at which the promise holds, and did for all below; 0: for none."""
    largest = 0
    for number in numbers_of(runs):
        if not held(runs[system, number]):
            break
        largest = number
    return largest


def slopes(runs: Runs, system: str) -> dict[str, Line]:
    """The lines of ``SLOPES``, if there are enough numbers of sessions up to the limit."""
    most = limit(runs, system)
    lines = {name: line([each for each in curve(runs, system, name) if each[0] <= most]) for name in SLOPES}
    return {name: found for name, found in lines.items() if found}


def metrics_of(runs: Runs, systems: Sequence[str]) -> Iterator[tuple[str, Metric]]:
    """The first system's figures beside the second's, then each one's limit and slopes."""
    ours, *others = systems
    for number in numbers_of(runs):
        for name, figure in FIGURES.items():
            mine = values(runs, ours, number, name)
            beside = median(values(runs, others[0], number, name)) if others else None
            meaning, spread = f"{number} sessions: {figure.meaning}", (min(mine), max(mine))
            yield f"n{number}_{name}", Metric(median(mine), "", meaning, beside, figure.target, spread)
    for system in systems:
        yield f"limit_{system}", Metric(limit(runs, system), "", f"{system}: {LIMIT}")
        for name, found in slopes(runs, system).items():
            meaning = f"{system}: {FIGURES[name].meaning} a further session; a line explains {found.fit:.0%}"
            yield f"slope_{name}_{system}", Metric(found.slope, "", meaning)


LIMIT = f"most sessions with p95 <= {PROMISED_MS:.0f} ms and looks >= {PROMISED_LOOKS} in every stream"


def tables_of(runs: Runs, systems: Sequence[str]) -> Iterator[Table]:
    """Limits; ages of the first over each other's; then all figures of each stream, and costs."""
    ours, *others = systems
    yield Table(LIMIT, ["system", "sessions"], [[system, limit(runs, system)] for system in systems])
    lines = {system: found for system in systems if (found := slopes(runs, system))}
    if lines:
        title = "a further session, up to the limit: slope of a line (part of the variance that it explains)"
        yield Table(
            title,
            ["system", *SLOPES],
            [
                [system, *(f"{cell(found[name].slope)} ({found[name].fit:.0%})" for name in SLOPES)]
                for system, found in lines.items()
            ],
        )
    ages = [name for name in FIGURES if name.endswith(("p50_ms", "p95_ms"))]
    for other in others:
        rows: list[list[str | float]] = [
            [
                str(number),
                *(
                    str(paired(values(runs, ours, number, name), values(runs, other, number, name)))
                    for name in ages
                ),
            ]
            for number in numbers_of(runs)
        ]
        title = f"ages, {ours} over {other}: medians of paired rounds (lowest to highest)"
        yield Table(title, ["sessions", *ages], rows)
    for title, figures in TOLD.items():
        rows = [
            [f"{number} {system}", *(median(values(runs, system, number, name)) for name in figures)]
            for number in numbers_of(runs)
            for system in systems
        ]
        columns = ["sessions, system", *(figure.meaning for figure in figures.values())]
        yield Table(f"{title}: medians of rounds", columns, rows)


def series_of(runs: Runs, systems: Sequence[str]) -> dict[str, Points]:
    """A panel for each figure, a curve for each system."""
    return {
        f"{title}: {figure.meaning}/{system}": curve(runs, system, name)
        for title, figures in TOLD.items()
        for name, figure in figures.items()
        for system in systems
    }
