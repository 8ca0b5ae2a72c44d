"""What was said beside what was there, counted by finding. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ...harness import Metric, Table
from .rates import Share, share

NONE = "–"
MISSED, FALSE = "missed", "false"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One chance to be right: whether the finding was ``there`` (None: the label is unsure) and was ``told``.

    ``exact``: it was there for certain, and ``told`` means told as it is, such as a number. ``score``: how
    strongly it was told, whatever the threshold. ``sure``: whether who labelled was sure of the row.
    """

    finding: str
    item: str
    there: bool | None
    told: bool
    why: str = ""
    exact: bool = False
    score: float | None = None
    sure: bool = True

    @property
    def wrong(self) -> str:
        """``missed`` or ``false``; empty where it is right or left out."""
        if self.there is None or self.there == self.told:
            return ""
        return MISSED if self.there else FALSE


class Tally(msgspec.Struct):
    """Of one finding: told rightly, falsely, missed, rightly not told; left out; judged by unsure rows."""

    exact: bool = False
    right: int = 0
    false: int = 0
    missed: int = 0
    silent: int = 0
    left_out: int = 0
    unsure: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one more."""
        self.exact = self.exact or verdict.exact
        if verdict.there is None:
            self.left_out += 1
            return
        self.unsure += not verdict.sure
        self.right += verdict.there and verdict.told
        self.missed += verdict.there and not verdict.told
        self.false += verdict.told and not verdict.there
        self.silent += not verdict.told and not verdict.there

    @property
    def precision(self) -> Share | None:
        """Of what was told the part that was there; None where everything was there for certain."""
        return None if self.exact and not self.false else share(self.right, self.right + self.false)

    @property
    def recall(self) -> Share:
        """Of what was there the part that was told."""
        return share(self.right, self.right + self.missed)


def tallies(verdicts: Iterable[Verdict]) -> dict[str, Tally]:
    """By finding, in the order in which they come first."""
    counted: dict[str, Tally] = {}
    for verdict in verdicts:
        counted.setdefault(verdict.finding, Tally()).add(verdict)
    return counted


COLUMNS = ["finding", "precision", "recall", "right", "false", "missed", "silent", "unsure", "left out"]


def table(counted: Mapping[str, Tally]) -> Table:
    """A row a finding; shares with Wilson's interval of 95 %."""
    return Table(
        "findings",
        COLUMNS,
        [
            [
                name,
                NONE if each.precision is None else str(each.precision),
                str(each.recall),
                *(each.right, each.false, each.missed, each.silent, each.unsure, each.left_out),
            ]
            for name, each in counted.items()
        ],
    )


def wrong(verdicts: Sequence[Verdict]) -> Table:
    """Everything that was missed or told falsely, by finding."""
    named = sorted((each for each in verdicts if each.wrong), key=lambda each: (each.finding, each.wrong))
    rows: list[list[str | float]] = [[each.finding, each.wrong, each.item, each.why] for each in named]
    return Table("wrong ones", ["finding", "how", "where", "what was said"], rows)


def metrics(counted: Mapping[str, Tally]) -> Iterator[tuple[str, Metric]]:
    """Precision and recall of each finding of which there was any."""
    for name, each in counted.items():
        about = f"{each.right} right, {each.false} false, {each.missed} missed, {each.silent} rightly silent"
        for kind, part in (("precision", each.precision), ("recall", each.recall)):
            if part is not None and part.value is not None:
                yield f"{name}_{kind}", Metric(part.value, "", about, spread=(part.low, part.high))


def beside(counted: Mapping[str, Tally], earlier: Mapping[str, Tally]) -> Table:
    """Right, false and missed of each finding that both runs had: before → now."""
    rows: list[list[str | float]] = [
        [
            name,
            *(f"{was} → {now}" for was, now in zip(_counts(earlier[name]), _counts(each), strict=True)),
        ]
        for name, each in counted.items()
        if name in earlier
    ]
    return Table("before → now", ["finding", "precision", "recall", "right", "false", "missed"], rows)


def _counts(each: Tally) -> list[str]:
    shares = [each.precision, each.recall]
    values = [NONE if one is None or one.value is None else f"{one.value:.2f}" for one in shares]
    return [*values, *map(str, (each.right, each.false, each.missed))]


def turned(verdicts: Sequence[Verdict], before: Sequence[Verdict]) -> Table:
    """What was wrong and is right, or was right and is wrong."""
    was = {(each.finding, each.item, each.there): each for each in before}
    rows: list[list[str | float]] = []
    for each in sorted(verdicts, key=lambda verdict: (bool(verdict.wrong), verdict.finding)):
        other = was.get((each.finding, each.item, each.there))
        if other is not None and other.wrong != each.wrong:
            rows.append(
                [each.finding, f"{other.wrong or 'right'} → {each.wrong or 'right'}", each.item, each.why]
            )
    return Table("what has changed", ["finding", "how", "where", "what was said"], rows)
