"""What every benchmark shares: its result, the machine it ran on, and how a result is shown and kept."""

import platform
from collections.abc import Collection, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import NamedTuple, Protocol

import msgspec

from argusd.scheduler.allowed_cores import allowed_cores
from argusd.scheduler.contract.names import did_you_mean
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

LIBRARIES = ("onnxruntime", "numpy", "aiortc", "av")  # whose versions move figures
NEVER = 1e9  # for what did not happen: JSON has no infinity


class Metric(msgspec.Struct, frozen=True):
    """One figure. ``baseline`` is the peer's figure from the same run, ``target`` what we promise.

    ``spread``: the lowest and the highest of the rounds of which ``value`` is the median.
    """

    value: float
    unit: str
    meaning: str
    baseline: float | None = None
    target: str = ""
    spread: tuple[float, float] | None = None


class Table(msgspec.Struct, frozen=True):
    """Figures in rows, each of which begins with what it is about."""

    title: str
    columns: list[str]
    rows: list[list[str | float]]


class Mark(msgspec.Struct, frozen=True):
    """What was seen at a place of a picture: left, top, right, bottom in 0..1 of it."""

    label: str
    box: list[float]


class Shot(msgspec.Struct, frozen=True):
    """A picture of a file, at a second of it, with what was seen there."""

    file: str
    at_s: float = 0.0
    marks: list[Mark] = []


class Bar(msgspec.Struct, frozen=True):
    """A line of a timeline: what it is about, of which kind (``label``, ``unsure``, ``told``), and when."""

    name: str
    kind: str
    spans: list[tuple[float, float]]


class Exhibit(msgspec.Struct, frozen=True):
    """Something to look at: what it is, what is wrong about it, what was said, pictures and a timeline."""

    title: str
    wrong: list[str]
    said: list[str]
    shots: list[Shot]
    seconds: float = 0.0
    bars: list[Bar] = []


Points = list[tuple[float, float]]


class Result(msgspec.Struct, frozen=True):
    """What one run found; ``served`` counts the units of real work behind the figures (never 0).

    ``series`` holds curves for a plot: name (or ``panel/name``) to (x, y) points; ``axes`` names x and y.
    ``tables`` holds what a list of metrics would not let anybody read. ``notes``: what the reader must know,
    in sentences. ``failures``: what must not be, in sentences; a run that has some ends with status 1.
    ``exhibits`` are shown on the page alone.
    """

    name: str
    machine: dict[str, str]
    served: int
    metrics: dict[str, Metric]
    series: dict[str, Points] = {}
    axes: tuple[str, str] = ("", "")
    tables: list[Table] = []
    notes: list[str] = []
    failures: list[str] = []
    exhibits: list[Exhibit] = []


class NotMeasurable(Exception):
    """A benchmark cannot run here; the message says what is missing."""


def require_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    """Check words that were asked for, before anything is measured.

    Raises:
        NotMeasurable: one of them is none of those that are known.
    """
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise NotMeasurable(f"there is no {what} {name!r}{near} There are {', '.join(known)}")


class Benchmark(Protocol):
    """What a module of this folder offers."""

    def main(self, quick: bool) -> Result:
        """Measure; ``quick`` spends about a tenth of the time."""


def machine(libraries: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """The machine in words, for the reader of a result, and the versions of these libraries."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cores": f"{allowed_cores():g}",
        "python": platform.python_version(),
        "kernel": platform.release(),
    } | {name: import_module(name).__version__ for name in libraries}


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Ratio(NamedTuple):
    """Of rounds that ran one right after the other: the median, the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f} to {self.highest:.2f})"


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Ours / theirs by round, so that noise which meets both cancels."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of ``paired``."""
    return paired(ours, theirs).median


def show(result: Result) -> str:
    """The result as a table for a terminal."""
    lines = [f"{result.name}: {result.served} served on {result.machine['cores']} x {result.machine['cpu']}"]
    for name, metric in result.metrics.items():
        beside = f"  (baseline {metric.baseline:.4g})" if metric.baseline is not None else ""
        target = f"  [target {metric.target}]" if metric.target else ""
        lines.append(f"  {name:34s} {metric.value:10.4g} {metric.unit:6s}{beside}{target}  {metric.meaning}")
    for table in result.tables:
        lines += ["", table.title, *lay_out([table.columns, *(map(cell, row) for row in table.rows)])]
    lines += [f"  note: {note}" for note in result.notes]
    return "\n".join(lines + [f"  FAILED: {failure}" for failure in result.failures])


def lay_out(rows: Iterable[Iterable[str]]) -> list[str]:
    """Rows of words as lines: the first column to the left, the others to the right."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(["  " + row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in table
    ]


def cell(value: str | float) -> str:
    """A figure of a table as text, to four digits."""
    if isinstance(value, str):
        return value
    return "never" if value == NEVER else f"{value:.4g}"


def load_json(path: Path) -> Result:
    """A result that was kept.

    Raises:
        NotMeasurable: there is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except (*UNDECODABLE, OSError) as error:
        raise NotMeasurable(f"{path} holds no result: {error}") from error


def save_json(result: Result, path: Path) -> None:
    """Keep a result: ``name``, ``machine``, ``served``, ``metrics`` and its series."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
