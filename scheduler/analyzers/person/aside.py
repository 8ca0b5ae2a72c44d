"""Eyes or a head that are away, and to which side.

The side is that of the mean offset over the time that they were away: a single look errs, and who looks up
or down looks a little to the left and to the right meanwhile. The value is the furthest on that side. Where
no look was away on it, since sides cancel out, both are the surest look's.
"""

from typing import Any

import msgspec

from ...contract.policy import Hold
from ...core import Outcome
from ...rules import CALM, Rule, certainty, exceeds
from .gaze import Direction, direction_of

Limits = tuple[float, float]  # of what goes across and of what goes up or down
LOOK_S = 0.5  # the longest that one look stands for


class Offsets(msgspec.Struct):
    """Offsets in one direction and its opposite: times their seconds, and the furthest on either side."""

    seconds: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def take(self, offset: float, lasts_s: float) -> None:
        """One more."""
        self.seconds += offset * lasts_s
        self.least, self.most = min(self.least, offset), max(self.most, offset)

    @property
    def furthest(self) -> float:
        """On the side of the mean."""
        return self.most if self.seconds > 0 else self.least


class Aside:
    """A rule about the worse of two offsets, x > 0 being the person's left and y > 0 down."""

    def __init__(self, name: str, hold: Hold, limits: Limits, patience_s: float) -> None:
        self.rule = Rule(name, hold, patience_s=patience_s, figures=self._mean)
        self._limits = limits
        self._looked_s: float | None = None
        self._across, self._along = Offsets(), Offsets()  # of looks that were away

    def retune(self, hold: Hold, limits: Limits, patience_s: float) -> list[Outcome]:
        """Judge the next looks by this."""
        self._limits = limits
        return self.rule.retune(hold, patience_s)

    def excess(self, x: float, y: float) -> float:
        """The worse of two offsets in shares of its limit."""
        return max(abs(x) / self._limits[0], abs(y) / self._limits[1])

    def direction(self, x: float, y: float) -> Direction:
        """The side of one look; the calmer limits count while the rule's condition is met."""
        calm = CALM if self.rule.holds else 1.0
        return direction_of(x, y, calm * self._limits[0], calm * self._limits[1])

    def feed(self, x: float, y: float, media_s: float) -> list[Outcome]:
        """Take one look in."""
        ended = self.rule.lapse(media_s)
        before_s, self._looked_s = self._looked_s, media_s
        if not self.rule.holds:
            self._across, self._along = Offsets(), Offsets()
        worst = self.excess(x, y)
        if not exceeds(worst, 1, self.rule.holds):
            return ended + self.rule.feed(False, 0.0, media_s, {})
        lasts_s = 0.0 if before_s is None else min(max(0.0, media_s - before_s), LOOK_S)
        self._across.take(x, lasts_s)
        self._along.take(y, lasts_s)
        return ended + self.rule.feed(True, certainty(worst, 1), media_s, self._figures(x, y))

    def _mean(self) -> dict[str, Any]:
        across, along = self._limits
        sideways = abs(self._across.seconds) / across >= abs(self._along.seconds) / along
        x, y = (self._across.furthest, 0.0) if sideways else (0.0, self._along.furthest)
        return self._figures(x, y) if self.excess(x, y) >= CALM else {}

    def _figures(self, x: float, y: float) -> dict[str, Any]:
        across, along = self._limits
        value, threshold = (x, across) if abs(x) / across >= abs(y) / along else (y, along)
        return {
            "direction": direction_of(x, y, CALM * across, CALM * along),
            "value": round(value, 3),
            "threshold": threshold,
        }
