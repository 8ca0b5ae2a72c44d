"""What every benchmark shares: the machine's description, the median, the result and its files.

A benchmark is a module with ``main(quick: bool) -> Result``. It warms up, measures ours and the baseline in
the same run, and raises ``NothingServed`` when the system under test did no real work: a fast but dead path
must never look like a good figure.
"""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec


class NothingServed(Exception):
    """The measured system produced less than the benchmark fed it; its figures mean nothing."""


class Machine(msgspec.Struct, frozen=True):
    """Where the figures were taken."""

    cpu: str
    cores: int
    memory_mib: int
    kernel: str
    python: str


class Result(msgspec.Struct, frozen=True):
    """One benchmark's outcome.

    ``served`` counts the work done while measuring (frames, batches, reads), over all runs.
    ``metrics`` maps a name that ends in its unit (``ours_vp8_cpu_ms``, ``speedup_ratio``) to its median.
    """

    name: str
    machine: Machine
    served: int
    metrics: dict[str, float]


class Curve(NamedTuple):
    """A line of a plot: ``label`` in the legend, ``x`` and ``y`` of equal length."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


def describe_machine() -> Machine:
    """Read what identifies this machine's speed from the kernel."""
    return Machine(
        cpu=_field(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_mib=int(_field(Path("/proc/meminfo"), "MemTotal").split()[0]) // 1024,
        kernel=platform.release(),
        python=platform.python_version(),
    )


def result(name: str, served: int, runs: Mapping[str, Sequence[float]]) -> Result:
    """Take the median of each metric over its runs.

    Raises:
        NothingServed: ``served`` is zero.
    """
    if served <= 0:
        raise NothingServed(f"{name}: no work was served, so there is nothing to report")
    medians = {metric: round(statistics.median(values), 4) for metric, values in runs.items()}
    return Result(name, describe_machine(), served, medians)


def write_json(outcome: Result, path: Path) -> None:
    """Write the result as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(outcome), indent=2) + b"\n")


def write_plot(curves: Sequence[Curve], path: Path, *, title: str, x_label: str, y_label: str) -> None:
    """Draw the curves into an image file; needs the ``bench`` extra (matplotlib)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel=x_label, ylabel=y_label)
    for curve in curves:
        axes.plot(curve.x, curve.y, label=curve.label)
    axes.legend()
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=120)


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
