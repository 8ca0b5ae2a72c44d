"""When a session's picture is looked at a second time, where, and what such looks showed last. Pure.

Whole looks keep their rate; second looks come between them, ``SHARE`` for each whole one. What was not spent
is saved, so each of the first whole looks is followed by one. They go to the persons' heads and hands by
turns, then to the next tile; every other one to where the whole look doubts whether it sees a phone. A region
that shows something new is looked at again each time, on credit, since evidence gathers nowhere else.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..core import Roi
from ..models.outputs import PERSON, PHONE, TOLD, Thing
from ..models.second_looks import (
    Look,
    cut_persons,
    doubtful,
    is_same,
    merged,
    persons_hands,
    seen,
    tiles,
)

SHARE = 0.35
SAVED = 3.0  # second looks
CREDIT = 6.0
MOST_FOUND = 3  # regions that show something new
CONFIRMED = 2  # looks in turn that show what the whole look does not hint at


class Found(NamedTuple):
    """What a region showed last and the whole look did not; in how many looks in turn."""

    things: Sequence[Thing]
    looks: int


class SecondLooks:
    """One session's. ``region``: where to look before the next whole look; None: nowhere."""

    def __init__(self) -> None:
        self._savings = SAVED
        self._turns = self._rounds = 0
        self.forget()

    def forget(self) -> None:
        """What was seen says nothing of the next picture."""
        self.region: Roi | None = None
        self._first: Sequence[Thing] = []
        self._picture = (0, 0)  # width and height
        self._found: dict[Roi, Found] = {}

    @property
    def things(self) -> list[Thing]:
        """What the newest looks show together."""
        looks = [Look(region, self._believed(found)) for region, found in self._found.items()]
        return merged(self._first, looks, *self._picture)

    @property
    def phone(self) -> float:
        """The score of the surest phone that second looks showed last; 0: none.

        While there is one, a whole look that shows none tells nothing.
        """
        things = [thing for found in self._found.values() for thing in self._believed(found)]
        return max([thing.score for thing in things if thing.label == PHONE], default=0.0)

    def begin(self, first: Sequence[Thing], picture: tuple[int, int], *, spend: bool) -> None:
        """Take a whole look in; ``spend``: a second one may follow it."""
        self._first, self._picture = first, picture
        self._savings = min(SAVED, self._savings + SHARE)
        self.region = self._next() if spend else None

    def see(self, region: Roi, things: Sequence[Thing]) -> None:
        """Take a second look in."""
        self._savings, self.region = self._savings - 1, None
        look = Look(region, things)
        known = merged(self._first, [], *self._picture)
        before = self._found.pop(region, None)
        new = [thing for thing in seen(look, *self._picture) if _is_new(thing, known)]
        if new:
            self._keep(region, Found(new, before.looks + 1 if before else 1))
        elif before is None:
            for around in cut_persons(known, [look], *self._picture):
                self._keep(around, Found([], 0))

    def _believed(self, found: Found) -> list[Thing]:
        """One look at a part errs easily: a second one must agree, or the whole look, however unsure."""
        if found.looks >= CONFIRMED:
            return list(found.things)
        return [thing for thing in found.things if any(is_same(thing, other) for other in self._first)]

    def _keep(self, region: Roi, found: Found) -> None:
        self._found[region] = found
        if len(self._found) > MOST_FOUND:
            del self._found[next(iter(self._found))]

    def _next(self) -> Roi | None:
        promising = list(self._found) or doubtful(self._first, *self._picture)
        if self._savings < 1 - (CREDIT if promising else 0):
            return None
        self._turns += 1
        if self._found or (promising and self._turns % 2):
            return promising[self._turns // 2 % len(promising)]
        return self._by_turns()

    def _by_turns(self) -> Roi:
        hands, everywhere = persons_hands(self._first, *self._picture), tiles(*self._picture)
        turn, place = divmod(self._rounds, len(hands) + 1)
        self._rounds += 1
        return hands[place] if place < len(hands) else everywhere[turn % len(everywhere)]


def _is_new(thing: Thing, known: Sequence[Thing]) -> bool:
    """Whether a second look tells something by it: a phone, or a person whom the whole look did not see."""
    if thing.score < TOLD or thing.label not in (PERSON, PHONE):
        return False
    return thing.label == PHONE or not any(is_same(thing, other) for other in known)
