"""What grew while something ran: samples of processes over time, and what to make of them. Pure."""

from collections.abc import Sequence
from statistics import median

Points = Sequence[tuple[float, float]]  # (seconds, value), in the order of time

SETTLED = 0.25  # of a run: caches fill, heaps find their size
MIN_POINTS = 6


def settled(points: Points) -> Points:
    """The points after the part of a run in which growth means nothing yet."""
    begin = points[0][0] + SETTLED * (points[-1][0] - points[0][0])
    return [point for point in points if point[0] >= begin]


def growth(points: Points) -> float:
    """Median of the last third less median of the first third, of what has settled: one peak is no growth.

    Raises:
        ValueError: there are too few points to tell.
    """
    values = [value for _, value in settled(points)]
    if len(values) < MIN_POINTS:
        raise ValueError(f"{len(values)} samples after settling; {MIN_POINTS} are the least")
    third = len(values) // 3
    return median(values[-third:]) - median(values[:third])
