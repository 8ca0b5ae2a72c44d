"""Stretches of time, and which of two lists meet. Pure; all times are seconds of the media."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

GAP_S = 0.6  # labels of one finding that are no further apart are one


class Stretch(NamedTuple):
    """From when to when."""

    begin_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.begin_s

    def widened(self, by_s: float) -> "Stretch":
        """The same with so much more at either end."""
        return Stretch(self.begin_s - by_s, self.end_s + by_s)


def merged(stretches: Iterable[Stretch], gap_s: float = GAP_S) -> list[Stretch]:
    """In order; what overlaps, or is no further apart than that, is one."""
    joined: list[Stretch] = []
    for each in sorted(stretches):
        if joined and each.begin_s - joined[-1].end_s <= gap_s:
            joined[-1] = Stretch(joined[-1].begin_s, max(joined[-1].end_s, each.end_s))
        else:
            joined.append(each)
    return joined


def shared_s(one: Stretch, others: Iterable[Stretch]) -> float:
    """For how long one is inside any of the others, which do not overlap."""
    return sum(max(0.0, min(one.end_s, each.end_s) - max(one.begin_s, each.begin_s)) for each in others)


def cut(stretches: Sequence[Stretch], end_s: float) -> list[Stretch]:
    """What lies before the end."""
    return [Stretch(each.begin_s, min(each.end_s, end_s)) for each in stretches if each.begin_s < end_s]


class Times(NamedTuple):
    """Seconds told rightly, told falsely, and missed."""

    right_s: float
    false_s: float
    missed_s: float

    def plus(self, other: "Times") -> "Times":
        """Both together."""
        return Times(*(one + two for one, two in zip(self, other, strict=True)))


def timed(
    there: Sequence[Stretch],
    unsure: Sequence[Stretch],
    told: Sequence[Stretch],
    early_s: float,
    late_s: float,
    step_s: float = 0.05,
) -> Times:
    """What was told beside what was there, outside of what is unsure.

    Told up to ``early_s`` before and ``late_s`` after what is there is not false: a rule has to be sure.
    """
    near = [Stretch(each.begin_s - early_s, each.end_s + late_s) for each in there]
    end_s = max((each.end_s for each in (*there, *told)), default=0.0)
    counts = [0, 0, 0]
    for number in range(round(end_s / step_s)):
        at = number * step_s
        if _in(at, unsure):
            continue
        is_there, is_told = _in(at, there), _in(at, told)
        counts[0] += is_there and is_told
        counts[1] += is_told and not _in(at, near)
        counts[2] += is_there and not is_told
    return Times(*(count * step_s for count in counts))


def _in(at: float, stretches: Iterable[Stretch]) -> bool:
    return any(each.begin_s <= at < each.end_s for each in stretches)


def without(one: Stretch, others: Sequence[Stretch]) -> list[Stretch]:
    """What is left of it; the others are in order and do not overlap."""
    left, begin_s = [], one.begin_s
    for each in others:
        if each.end_s > begin_s and each.begin_s < one.end_s:
            left.append(Stretch(begin_s, each.begin_s))
            begin_s = each.end_s
    return [each for each in (*left, Stretch(begin_s, one.end_s)) if each.seconds > 0]
