"""A session's part of the memory, and the batches', by what was held at several numbers of sessions. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from ..harness import Metric
from .lines import Line, line


class Held(NamedTuple):
    """MiB of a process, or of several."""

    resident: float
    proportional: float
    private: float


def shares(
    kind: str, idle: Mapping[str, Held], steps: Mapping[int, Mapping[str, Held]], full: Mapping[str, Held]
) -> dict[str, Metric]:
    """What each further session takes, and what batches take beside it.

    Everything by process. ``idle``: before any session; ``steps``: at each number of sessions, looked at as
    often together; ``full``: as many as in the last step, each looked at as often as any.
    """
    most, metrics = max(steps), {}
    for field in Held._fields:
        each = {name: _line(name, field, steps) for name in idle}
        slopes = {name: found.slope for name, found in each.items() if found}
        whole = sum(slopes.values())
        by_process = ", ".join(f"{name} {slope:.2f}" for name, slope in slopes.items())
        metrics[f"session by {kind}: {field}"] = Metric(
            whole, "MiB", f"of each further session, from {min(steps)} to {most}: {by_process}"
        )
        batches = _sum(full, field) - _sum(idle, field) - whole * most
        metrics[f"batches by {kind}: {field}"] = Metric(
            batches, "MiB", f"what else was taken when {most} were looked at as often as any"
        )
    return metrics


def _line(name: str, field: str, steps: Mapping[int, Mapping[str, Held]]) -> Line | None:
    return line([(count, getattr(held[name], field)) for count, held in steps.items() if name in held])


def _sum(processes: Mapping[str, Held], field: str) -> float:
    return sum(held[Held._fields.index(field)] for held in processes.values())
