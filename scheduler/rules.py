"""Hysteresis: what is measured at every look, to violations with one start and one end.

A violation starts once as much evidence is gathered (see ``evidence.py``) as its condition brings that holds
for ``start_after_s`` and is sure at every look; one that flickers takes longer, and what no look is sure of
never starts: an error that stays would add up as well. It ends once its condition is gone for
``end_after_s``; what returns in between belongs to the same violation. All times are the media's
own, so a recording gives the same findings every time. Every outcome carries the figures that led to it::

    condition   ─┐   ┌───────┐ ┌─────────┐
                 └───┘       └─┘         └──────────────
    outcomes             ▲start                  ▲end     duration_s: from the first ┌ to the last ┐
                     ├──►│ start_after_s ├──────►│ end_after_s
"""

from collections.abc import Callable
from math import inf
from typing import Any, Literal

from .contract.policy import Hold
from .core import Outcome
from .evidence import SURE, Evidence

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
    ``measured``: it is judged by looks that may err; what else is known needs no evidence beside it.
    ``figures``: asked at each outcome for those that all looks make together; they are told in place of the
    surest look's.
    """

    def __init__(
        self,
        name: str,
        hold: Hold,
        severity: Literal["warning", "critical"] = "warning",
        patience_s: float = inf,
        measured: bool = True,
        figures: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.name = name
        self._figures = figures
        self._measured = measured
        self._patience_s = patience_s
        self._looked: float | None = None
        self.open = False
        self._hold = hold
        self._severity: Literal["warning", "critical"] = severity
        self._evidence = Evidence()
        self._last = 0.0  # when the condition held last
        self._told = 0.0
        self._confidence = 0.0
        self._data: dict[str, Any] = {}

    @property
    def holds(self) -> bool:
        """Whether the condition was met, started or not: the calmer threshold counts from there."""
        return self._evidence.since is not None

    @property
    def pending(self) -> bool:
        """Whether there is evidence, and not yet enough."""
        return self.holds and not self.open

    def feed(
        self,
        condition: bool,
        confidence: float,
        media_s: float,
        data: dict[str, Any],
        log_odds: float | None = None,
    ) -> list[Outcome]:
        """Take one look in; ``data`` holds the figures behind it: value, threshold, direction, …

        ``log_odds``: what the look says of the condition; None: it is sure. One that is not met yet may
        have evidence all the same. A look that could not tell (a blink, a lost face) is not fed. The end
        repeats the figures of the surest look and adds start_s, end_s and duration_s.
        """
        if not self._hold.enabled:
            return []
        ended = self.lapse(media_s)
        self._looked = media_s
        if log_odds is None:
            log_odds = SURE if condition else -SURE
        evidence = self._evidence
        begun = evidence.since
        evidence.take(log_odds, media_s, keep=self.open)
        since = evidence.since
        if since is None:
            return ended
        if since != begun:
            self._confidence, self._data = confidence, data
        if log_odds > 0 or (condition and self.open):
            return ended + self._met(since, confidence, media_s, data)
        if self.open and media_s - self._last >= self._hold.end_after_s:
            return self.close()
        return ended

    def lapse(self, media_s: float) -> list[Outcome]:
        """End what was going on before so long a time without a look."""
        return self.close() if self._looked is not None and media_s - self._looked > self._patience_s else []

    def retune(self, hold: Hold, patience_s: float = inf) -> list[Outcome]:
        """Go by these times from now on: what is open goes on, or ends if nobody wants to know of it."""
        self._hold, self._patience_s = hold, patience_s
        return [] if hold.enabled else self.close()

    def close(self) -> list[Outcome]:
        """End it now if it is open, as of when its condition was last seen to hold."""
        was_open, self.open = self.open, False
        since = self._evidence.since
        ended = [self._outcome("end", since)] if was_open and since is not None else []
        self._evidence.clear()
        return ended

    def _met(self, since: float, confidence: float, media_s: float, data: dict[str, Any]) -> list[Outcome]:
        self._last = media_s
        if confidence > self._confidence:
            self._confidence, self._data = confidence, data
        if not self.open:
            if not self._evidence.sure or self._evidence.held_s < self._hold.start_after_s:
                return []
            self.open, self._told = True, media_s
            return [self._outcome("start", since)]
        if media_s - self._told < UPDATE_EVERY_S:
            return []
        self._told = media_s
        return [self._outcome("update", since)]

    def _outcome(self, state: Literal["start", "update", "end"], since: float) -> Outcome:
        figures: dict[str, Any] = {"start_s": round(since, 3)}
        if state != "start":
            figures |= {"end_s": round(self._last, 3), "duration_s": round(self._last - since, 3)}
        if self._measured:
            figures["evidence"] = self._evidence.told(self._hold.start_after_s)
        return Outcome(
            type="violation",
            name=self.name,
            state=state,
            confidence=round(self._confidence, 3),
            severity=self._severity,
            data=self._data | self._figures() | figures,
        )
