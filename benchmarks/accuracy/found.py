"""What the parts of a run found, and the result that they make together."""

from collections.abc import Iterable, Sequence

import msgspec

from ..harness import Exhibit, Metric, Points, Result, Table, machine
from .figures import tallies
from .figures.tallies import Verdict


class Accuracy(Result, frozen=True):
    """A result with every verdict behind its tables."""

    verdicts: list[Verdict] = msgspec.field(default_factory=list)


class Found(msgspec.Struct):
    """Of one part, or of all so far. ``served``: answers that were judged."""

    served: int = 0
    verdicts: list[Verdict] = []
    metrics: dict[str, Metric] = {}
    tables: list[Table] = []
    series: dict[str, Points] = {}
    notes: list[str] = []
    exhibits: list[Exhibit] = []

    def judged(self, verdicts: Iterable[Verdict], exhibit: Exhibit) -> None:
        """Take what came of one more file."""
        self.served += 1
        self.verdicts += verdicts
        self.exhibits.append(exhibit)

    def add(self, part: "Found") -> None:
        """Take another part's in."""
        self.served += part.served
        self.verdicts += part.verdicts
        self.metrics |= part.metrics
        self.tables += part.tables
        self.series |= part.series
        self.notes += part.notes
        self.exhibits += part.exhibits


def result(found: Found, before: Sequence[Verdict] = ()) -> Accuracy:
    """All of it; beside it what an earlier run found."""
    counted, earlier = tallies.tallies(found.verdicts), tallies.tallies(before)
    metrics = dict(tallies.metrics(counted))
    was = dict(tallies.metrics(earlier))
    for name, metric in metrics.items():
        if name in was:
            metrics[name] = msgspec.structs.replace(metric, baseline=was[name].value)
    tables = [tallies.table(counted), *found.tables, tallies.wrong(found.verdicts)]
    tables = [table for table in tables if table.rows]
    if before:
        tables[1:1] = [tallies.beside(counted, earlier), tallies.turned(found.verdicts, before)]
    return Accuracy(
        "accuracy",
        machine(),
        found.served,
        metrics | found.metrics,
        found.series,
        ("threshold", ""),
        tables,
        found.notes,
        exhibits=sorted(found.exhibits, key=lambda exhibit: not exhibit.wrong),
        verdicts=found.verdicts,
    )
