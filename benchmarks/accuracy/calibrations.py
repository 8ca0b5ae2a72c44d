"""What the scores of a run's findings mean, as a manifest keeps it for a model."""

from collections.abc import Sequence

from ..harness import Table
from .figures.calibration import fitted
from .figures.tallies import Verdict
from .found import Found

FEW = 20  # of either kind; with fewer one file more would move the line


def calibrated(verdicts: Sequence[Verdict]) -> Found:
    """A line for each finding that has scores of what was there and of what was not."""
    found, rows = Found(), list[list[str | float]]()
    for name in dict.fromkeys(each.finding for each in verdicts if each.score is not None):
        there, others = (
            [each.score or 0.0 for each in verdicts if each.finding == name and each.there is kind]
            for kind in (True, False)
        )
        if not there or not others:
            continue
        fit = fitted(there, others)
        figures: list[str | float] = [round(fit.even, 3), round(fit.slope, 1), round(fit.cost, 3)]
        rows.append([name, len(there), len(others), *figures])
        if min(len(there), len(others)) < FEW:
            few = (
                f"{len(there)} that were there and {len(others)} that were not are too few to calibrate it by"
            )
            found.notes.append(f"{name}: {few}")
    if rows:
        columns = ["finding", "there", "not there", "even", "slope", "bits unknown"]
        found.tables.append(Table("what scores mean", columns, rows))
    return found
