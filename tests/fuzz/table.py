"""How many cases each target had, as a run prints it at its end."""

from collections.abc import Iterable

import pytest


def fuzz_table(reports: Iterable[object]) -> list[str]:
    """A line a target; empty where nothing was fuzzed, or no test could be read."""
    return [
        f"{value[0]:12} {value[1]:>10,} cases  {'' if report.passed else 'FAILED'}".rstrip()
        for report in reports
        if isinstance(report, pytest.TestReport)
        for name, value in report.user_properties
        if name == "fuzzed" and isinstance(value, tuple)
    ]
