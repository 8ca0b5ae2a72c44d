"""What each threshold finds and accuses of, and which policy keeps to a wanted number of false alarms."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from ...harness import NEVER, Metric, Points, Table
from ...rigs.recorded import Recorded
from ...rigs.virtual import Told
from ..calm.alarms import HOUR_S
from ..clip_verdicts import judge
from ..figures.rates import alarm_rate, share
from ..figures.tallies import Verdict, tallies
from ..found import Found
from ..labels import Item
from ..replays import found as violations
from .knobs import KNOBS, Knob

PART = "sweep"
ENOUGH = 3.0  # hours without an alarm, times the rate that they show with 95 % (exactly 2.996)


class Taken(NamedTuple):
    """A file's looks; ``seconds`` of it. ``calm``: the only findings that are judged by it, as false ones."""

    item: Item
    looks: Recorded
    seconds: float
    calm: frozenset[str] | None = None


class Setting(NamedTuple):
    """What a value of a knob does: right, missed, and false in so many hours."""

    value: float
    right: int
    missed: int
    false: int
    hours: float

    @property
    def recall(self) -> float | None:
        """None where there was nothing to find."""
        return share(self.right, self.right + self.missed).value

    @property
    def precision(self) -> float | None:
        """None where nothing was told."""
        return share(self.right, self.right + self.false).value

    @property
    def alarms(self) -> float:
        """False ones an hour."""
        return alarm_rate(self.false, self.hours).an_hour


def swept(taken: Sequence[Taken], wanted: float) -> Found:
    """All knobs, and a policy of those that reach ``wanted`` false alarms an hour."""
    policy: dict[str, Any] = {}
    found = Found()
    for knob in KNOBS:
        settings = [_setting(knob, value, taken) for value in knob.values]
        settings = [each for each in settings if each.hours]
        if not settings:
            continue
        found.tables.append(_table(knob, settings))
        found.series |= dict(_series(knob, settings))
        if all(each.recall is None for each in settings):
            found.notes.append(f"{knob.finding}: nothing of it is labelled, so none is better")
            continue
        if (best := suggested(settings, wanted)) is None:
            found.notes.append(f"{knob.finding}: no threshold keeps to {wanted:g} false alarms an hour here")
            continue
        policy |= knob.written(best.value)
        bound = alarm_rate(best.false, best.hours)
        rate = f"{best.false} false in {best.hours:.2f} h, below {bound.below:.2g} an hour"
        about = f"suggested, {knob.unit}; {rate}"
        found.metrics[f"{PART}.{knob.finding}"] = Metric(best.value, "", about)
        if bound.below > wanted:
            found.notes.append(
                f"{knob.finding}: {best.hours:.2f} h do not show {wanted:g} false alarms an hour or fewer,"
                f" but {bound.below:.2g}; none in {ENOUGH / wanted:.0f} h would"
            )
    if policy:
        words = msgspec.json.encode({"policy": policy}).decode()
        found.notes.append(f"for at most {wanted:g} false alarms an hour each, as measured here: {words}")
    return found


def suggested(settings: Sequence[Setting], wanted: float) -> Setting | None:
    """Of those with no more alarms than wanted the one that finds most, then that accuses least.

    Of several that are the same the middle one: it has room on both sides.
    """
    good = [each for each in settings if each.alarms <= wanted]
    if not good:
        return None
    best = max((each.recall or 0.0, -each.false) for each in good)
    same = [each for each in good if (each.recall or 0.0, -each.false) == best]
    return same[len(same) // 2]


def _setting(knob: Knob, value: float, taken: Sequence[Taken]) -> Setting:
    policy = knob.policy(value)
    verdicts: list[Verdict] = []
    seconds = 0.0
    for each in taken:
        if each.calm is not None and knob.finding not in each.calm:
            continue
        if not each.looks.calls[knob.stream]:
            continue
        seconds += each.seconds
        outcomes = each.looks.again(knob.stream, policy)
        told = violations((Told("", knob.stream, outcome, 0.0) for outcome in outcomes), each.seconds)
        verdicts += judge(each.item, {knob.finding: told.get(knob.finding, [])}, each.seconds, PART)
    tally = tallies(verdicts).get(f"{PART}.{knob.finding}")
    if tally is None:
        return Setting(value, 0, 0, 0, 0.0)
    return Setting(value, tally.right, tally.missed, tally.false, seconds / HOUR_S)


def _table(knob: Knob, settings: Sequence[Setting]) -> Table:
    rows: list[list[str | float]] = [
        [
            f"{each.value:g}",
            str(share(each.right, each.right + each.false)),
            str(share(each.right, each.right + each.missed)),
            each.right,
            each.false,
            each.missed,
            round(each.alarms, 2),
            round(alarm_rate(each.false, each.hours).below, 2),
        ]
        for each in settings
    ]
    columns = [knob.unit, "precision", "recall", "right", "false", "missed", "false an hour", "below (95 %)"]
    return Table(f"{PART}: {knob.finding}, {settings[0].hours:.2f} h", columns, rows)


def _series(knob: Knob, settings: Sequence[Setting]) -> Iterator[tuple[str, Points]]:
    shares = {
        "precision": [(each.value, each.precision) for each in settings],
        "recall": [(each.value, each.recall) for each in settings],
    }
    for name, points in shares.items():
        there = [(value, share_) for value, share_ in points if share_ is not None]
        if there:
            yield f"{knob.finding}, {knob.unit}/{name}", there
    yield (
        f"{knob.finding}, {knob.unit}: false an hour/alarms",
        [(each.value, min(each.alarms, NEVER)) for each in settings],
    )
