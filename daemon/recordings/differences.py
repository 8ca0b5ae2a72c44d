"""What two replays of the same input found differently. Pure."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from .findings import Finding

Change = Literal["same", "moved", "gone", "new"]
MARKS: dict[Change, str] = {"same": " ", "moved": "~", "gone": "-", "new": "+"}


class Difference(msgspec.Struct, frozen=True):
    """One finding: as it was before and as it is now; None where it is not found."""

    change: Change
    before: Finding | None
    now: Finding | None

    @property
    def one(self) -> Finding:
        """The finding, as it is now where it is found now."""
        found = self.now or self.before
        assert found is not None
        return found


def differences(before: Sequence[Finding], now: Sequence[Finding]) -> list[Difference]:
    """All findings of either side, by when they started; those are one that overlap under the same name."""
    left = [*now]
    found = []
    for each in before:
        other = max(
            (one for one in left if _shared_s(each, one) >= 0),
            key=lambda one: _shared_s(each, one),
            default=None,
        )
        if other is not None:
            left.remove(other)
        found.append(Difference(_change(each, other), each, other))
    found += [Difference("new", None, each) for each in left]
    return sorted(found, key=lambda each: (each.one.started_s, each.one.stream, each.one.name))


def lines_of(found: Sequence[Difference]) -> Iterator[str]:
    """What is different, as people read it, and how many findings are the same."""
    for each in found:
        if each.change != "same":
            yield f"{MARKS[each.change]} {each.one.stream} {each.one.name}: {_told(each)}"
    same = sum(each.change == "same" for each in found)
    yield f"{same} the same, {len(found) - same} different"


def _shared_s(one: Finding, other: Finding) -> float:
    """Seconds that both last; below 0 where they do not meet, or are about something else."""
    if (one.stream, one.name) != (other.stream, other.name):
        return -1.0
    return min(one.ended_s, other.ended_s) - max(one.started_s, other.started_s)


def _change(before: Finding, now: Finding | None) -> Change:
    if now is None:
        return "gone"
    return "same" if before == now else "moved"


def _told(difference: Difference) -> str:
    before, now = difference.before, difference.now
    if before is None or now is None:
        one = difference.one
        lasted = f"{one.started_s:.2f}–{one.ended_s:.2f} s"
        return f"{lasted}, told at {one.told_s:.2f} s, confidence {one.confidence:.2f}"
    parts = [
        f"{word} {_pair(getattr(before, name), getattr(now, name), unit)}"
        for word, name, unit in (
            ("started", "started_s", " s"),
            ("told", "told_s", " s"),
            ("ended", "ended_s", " s"),
            ("confidence", "confidence", ""),
        )
        if getattr(before, name) != getattr(now, name)
    ]
    return ", ".join(parts)


def _pair(before: float, now: float, unit: str) -> str:
    return f"{before:.3f} → {now:.3f}{unit}"
