"""Hysteresis: what is measured at every look, to violations with one start and one end.

A condition must hold for ``start_after_s`` before its violation starts, and be gone for ``end_after_s``
before it ends; what returns in between belongs to the same violation. All times are the media's own, so a
recording gives the same findings every time. Every outcome carries the figures that led to it::

    condition   ─┐   ┌───────┐ ┌─────────┐
                 └───┘       └─┘         └──────────────
    outcomes             ▲start                  ▲end     duration_s: from the first ┌ to the last ┐
                     ├──►│ start_after_s ├──────►│ end_after_s
"""

from math import inf
from typing import Any, Literal

from .contract.policy import Hold
from .core import Outcome

CALM = 0.8
UPDATE_EVERY_S = 5.0


def exceeds(value: float, threshold: float, already: bool) -> bool:
    """Whether ``value`` is at the threshold, or at the calmer one for what is going on already."""
    return value >= (CALM * threshold if already else threshold)


def certainty(value: float, threshold: float) -> float:
    """Confidence of a measured excess: ½ at the threshold, 1 from twice the threshold on."""
    return min(1.0, max(0.0, value / (2 * threshold)))


class Rule:
    """One violation's memory. ``open``: it has started and not ended.

    ``patience_s``: after so long without a look the next one begins anew, whatever was going on.
    """

    def __init__(
        self,
        name: str,
        hold: Hold,
        severity: Literal["warning", "critical"] = "warning",
        patience_s: float = inf,
    ) -> None:
        self.name = name
        self._patience_s = patience_s
        self._looked: float | None = None
        self.open = False
        self._hold = hold
        self._severity: Literal["warning", "critical"] = severity
        self._since: float | None = None  # when the condition began to hold
        self._last = 0.0  # when it held last
        self._told = 0.0
        self._confidence = 0.0
        self._data: dict[str, Any] = {}

    @property
    def holds(self) -> bool:
        """Whether the condition was met, started or not: the calmer threshold counts from there."""
        return self._since is not None

    @property
    def pending(self) -> bool:
        """Whether the condition is met and not yet for long enough."""
        return self._since is not None and not self.open

    def feed(self, condition: bool, confidence: float, media_s: float, data: dict[str, Any]) -> list[Outcome]:
        """Take one look in; ``data`` holds the figures behind it: value, threshold, direction, …

        A look that could not tell (a blink, a lost face) is not fed. The end repeats the figures of the
        surest look and adds start_s, end_s and duration_s.
        """
        if not self._hold.enabled:
            return []
        before, self._looked = self._looked, media_s
        ended = self.close() if before is not None and media_s - before > self._patience_s else []
        if condition:
            return ended + self._met(confidence, media_s, data)
        if not self.open:
            self._since = None
        elif media_s - self._last >= self._hold.end_after_s:
            return self.close()
        return ended

    def retune(self, hold: Hold, patience_s: float = inf) -> list[Outcome]:
        """Go by these times from now on: what is open goes on, or ends if nobody wants to know of it."""
        self._hold, self._patience_s = hold, patience_s
        return [] if hold.enabled else self.close()

    def close(self) -> list[Outcome]:
        """End it now if it is open, as of when its condition was last seen to hold."""
        was_open, self.open = self.open, False
        since, self._since = self._since, None
        if not was_open or since is None:
            return []
        return [self._outcome("end", since)]

    def _met(self, confidence: float, media_s: float, data: dict[str, Any]) -> list[Outcome]:
        if self._since is None:
            self._since, self._confidence, self._data = media_s, confidence, data
        self._last = media_s
        if confidence > self._confidence:
            self._confidence, self._data = confidence, data
        if not self.open:
            if media_s - self._since < self._hold.start_after_s:
                return []
            self.open, self._told = True, media_s
            return [self._outcome("start", self._since)]
        if media_s - self._told < UPDATE_EVERY_S:
            return []
        self._told = media_s
        return [self._outcome("update", self._since)]

    def _outcome(self, state: Literal["start", "update", "end"], since: float) -> Outcome:
        times = {"start_s": round(since, 3)}
        if state != "start":
            times |= {"end_s": round(self._last, 3), "duration_s": round(self._last - since, 3)}
        return Outcome(
            type="violation",
            name=self.name,
            state=state,
            confidence=round(self._confidence, 3),
            severity=self._severity,
            data=self._data | times,
        )
