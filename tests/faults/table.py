"""The fault table as a run prints it: tries of each row, how soon all was well again, what was lost."""

from collections.abc import Iterable, Iterator
from statistics import median
from typing import NamedTuple

import pytest

Fault = tuple[int, str]  # the row's number, and what breaks


class Took(NamedTuple):
    """What something in the course of a try took, and may take."""

    what: str
    seconds: float
    limit_s: float


class Run(NamedTuple):
    """One try. ``recovered_s``: seconds until all was well again. ``lost``: events, frames or calls."""

    fault: Fault
    passed: bool
    recovered_s: float | None = None
    lost: int | None = None
    took: tuple[Took, ...] = ()


def fault_table(reports: Iterable[object]) -> list[str]:
    """The table of those tests that try a fault; empty where none did, or no test could be read."""
    tests = [report for report in reports if isinstance(report, pytest.TestReport)]
    runs = [run for test in tests if (run := run_of(test))]
    return rows(runs) if runs else []


def run_of(report: pytest.TestReport) -> Run | None:
    """The try that this report is about; none if it is no fault's."""
    seen = dict(report.user_properties)
    fault: Fault | None = seen.get("fault")  # type: ignore[assignment]  # properties are objects to pytest
    if fault is None:
        return None
    took = tuple(Took(*each) for name, each in report.user_properties if name == "took")  # type: ignore[misc]
    return Run(fault, report.passed, seen.get("recovered_s"), seen.get("lost"), took)  # type: ignore[arg-type]


def rows(runs: Iterable[Run]) -> list[str]:
    """A line a fault, in the order of the rows; ``-`` stands for what no try of it measures."""
    tried: dict[Fault, list[Run]] = {}
    for run in runs:
        tried.setdefault(run.fault, []).append(run)
    return [HEAD, *(line for fault in sorted(tried) for line in _lines(fault, tried[fault]))]


HEAD = f"{'row':>3}  {'fault':58} {'passed':>9} {'recovery p50':>13} {'worst':>9} {'lost':>5}"


def _lines(fault: Fault, runs: list[Run]) -> Iterator[str]:
    yield _row(fault, runs)
    steps: dict[str, list[Took]] = {}
    for took in (each for run in runs for each in run.took):
        steps.setdefault(took.what, []).append(took)
    for what, times in steps.items():
        within = sum(each.seconds <= each.limit_s for each in times)
        seconds = [each.seconds for each in times]
        title = f"- {what} within {times[0].limit_s:g} s"
        count = f"{within} of {len(times)}"
        yield f"     {title:58} {count:>9} {median(seconds):>11.3f} s {max(seconds):>7.3f} s"


def _row(fault: Fault, runs: list[Run]) -> str:
    number, what = fault
    times = [run.recovered_s for run in runs if run.recovered_s is not None]
    lost = [run.lost for run in runs if run.lost is not None]
    passed = f"{sum(run.passed for run in runs)} of {len(runs)}"
    middle, worst = (f"{median(times):.3f} s", f"{max(times):.3f} s") if times else ("-", "-")
    return f"{number:3}  {what:58} {passed:>9} {middle:>13} {worst:>9} {sum(lost) if lost else '-':>5}"
