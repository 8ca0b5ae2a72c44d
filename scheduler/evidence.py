"""Evidence over time: what looks say of a condition, gathered on the media's clock.

A look says how likely its condition is, as log-odds between −``SURE`` and ``SURE``. What is gathered is their
integral over media time, the log-odds between two looks lying on a line, and never less than nothing: Page's
cumulative sum (Biometrika 41, 1954), which is Wald's sequential test begun anew whenever it found for calm::

    log-odds   SURE ┤   ┌──────┐  ┌────
                  0 ┼───┼──────┼──┼────
              −SURE ┤───┘      └──┘
    gathered            ╱▔▔▔▔▔▔╲__╱▔▔▔▔    a lapse takes back what it says, and no more

Looks close to one another see nearly the same picture, so it is time that counts and not their number: one
second brings ``SURE`` at most, as one look would that is right nine times of ten.
"""

from math import log
from typing import Any

SURE = log(9.0)


class Evidence:
    """What was gathered of one condition. ``since``: the look with which it began; None: nothing is gathered.

    Kept as the time since then less what spoke against it, so that looks that are all sure lose nothing to
    rounding.
    """

    def __init__(self) -> None:
        self.since: float | None = None
        self.looks_for = 0
        self.looks_against = 0
        self.sure = False  # whether any look was
        self._lost_s = 0.0
        self._most_s = 0.0
        self._share = 0.0  # of SURE, what the newest look said
        self._looked_s = 0.0

    @property
    def held_s(self) -> float:
        """How long sure looks alone would have taken to say as much."""
        return 0.0 if self.since is None else self._looked_s - self.since - self._lost_s

    def take(self, log_odds: float, media_s: float, keep: bool) -> None:
        """Take one look in; ``keep``: where nothing is left go on from nothing, instead of beginning anew."""
        share = 1.0 if log_odds >= SURE else max(-1.0, log_odds / SURE)
        before, self._share = self._share, share
        before_s, self._looked_s = self._looked_s, media_s
        if self.since is not None:
            step_s, between = max(0.0, media_s - before_s), (before + share) / 2
            self._lost_s += step_s * (1.0 - between)
            if keep:
                self._lost_s = min(self._lost_s, media_s - self.since)
            elif self.held_s <= 0:
                self.clear()
        if self.since is None:
            if share <= 0:
                return
            self.since = media_s
        self.looks_for += share > 0
        self.looks_against += share <= 0
        self.sure |= share >= 1
        self._most_s = max(self._most_s, self.held_s)

    def clear(self) -> None:
        """Nothing is gathered any more."""
        self.since = None
        self.looks_for = self.looks_against = 0
        self.sure = False
        self._lost_s = self._most_s = 0.0

    def told(self, needed_s: float) -> dict[str, Any]:
        """The most that was gathered and what it takes, as log-odds; looks that spoke for it, and against."""
        return {
            "log_odds": round(SURE * self._most_s, 2),
            "needed": round(SURE * needed_s, 2),
            "looks_for": self.looks_for,
            "looks_against": self.looks_against,
        }
