"""The straight line through what was measured at several numbers of sessions. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Line(NamedTuple):
    """``begin`` + ``slope`` for each one more; ``fit``: the part of the variance that it explains (R²)."""

    begin: float
    slope: float
    fit: float


def line(points: Sequence[tuple[float, float]]) -> Line | None:
    """The line of least squares; None: through fewer than three points any line goes."""
    if len({x for x, _ in points}) < 3:
        return None
    x, y = np.array(points, float).T
    slope, begin = np.polyfit(x, y, 1)
    rest, all_of_it = np.square(y - begin - slope * x).sum(), np.square(y - y.mean()).sum()
    return Line(float(begin), float(slope), float(1 - rest / all_of_it) if all_of_it else 1.0)
