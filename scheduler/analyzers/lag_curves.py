"""What comparisons of a mouth with a voice add up to: chance averages out, an offset stays.

A real mouth agrees with its voice only weakly (Pearson's 0.2 to 0.5), and by chance one of thirty lags agrees
as well for some seconds. How far chance reaches falls with the square root of the time compared, so what must
be reached falls likewise. The shortest stretch that tells anything is believed: what changed is noticed soon.
"""

from collections import deque
from itertools import islice
from math import sqrt

import numpy as np

from ..models.lag_search import estimate
from ..models.outputs import LagCurve, SyncEstimate

SPANS_S = (8.0, 16.0, 32.0, 64.0)  # of comparing, pauses not counted
KEPT_S = 300.0  # who was silent for longer may sit before another camera
MOST_CURVES = 64


class LagCurves:
    """The curves of the last comparisons. Overflow: the oldest go.

    ``found``: what they tell; None before the first. ``needed``: the peak that means something. ``likeness``:
    the policy's word for that, or None.
    """

    def __init__(self) -> None:
        self._curves: deque[tuple[float, LagCurve]] = deque(maxlen=MOST_CURVES)
        self.found: SyncEstimate | None = None
        self.needed = 1.0

    @property
    def known(self) -> bool:
        """Whether the peak found is more than chance."""
        return self.found is not None and self.found.peak >= self.needed

    @property
    def newest_s(self) -> float | None:
        """When the last one was taken in."""
        return self._curves[-1][0] if self._curves else None

    def take(
        self, curve: LagCurve, heard_s: float, hop_s: float, likeness: float | None = None
    ) -> SyncEstimate:
        """Take in the next curve, ``hop_s`` seconds after the one before if nobody paused; what is found."""
        self._curves.append((heard_s, curve))
        while self._curves[0][0] < heard_s - KEPT_S:
            self._curves.popleft()
        for span_s in SPANS_S:
            count = min(len(self._curves), max(1, round(span_s / hop_s)))
            newest = [each.likeness for _, each in islice(reversed(self._curves), count)]
            self.found = found = estimate(np.mean(newest, axis=0))
            self.needed = likeness or _needed(curve, curve.lasts_s + (count - 1) * hop_s)
            if self.known or count == len(self._curves):
                break
        return found

    def forget(self) -> None:
        """Nothing was compared yet."""
        self._curves.clear()
        self.silence()

    def silence(self) -> None:
        """Nothing is told of now; what was compared counts again once there is more."""
        self.found = None


def _needed(curve: LagCurve, compared_s: float) -> float:
    return max(curve.settled, curve.threshold * sqrt(curve.lasts_s / compared_s))
