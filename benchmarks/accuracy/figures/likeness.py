"""How well a likeness parts pairs of one person from pairs of two, with and without a threshold. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata


class EqualError(NamedTuple):
    """The ``rate`` at which as many of the same are refused as others accepted, and the threshold there."""

    rate: float
    threshold: float


class Point(NamedTuple):
    """At a threshold: the part of others that are accepted, and of the same that are."""

    threshold: float
    false_match: float
    true_match: float


def auc(same: Sequence[float], other: Sequence[float]) -> float:
    """The area under ROC: how probably a pair of one person is more alike than one of two (ties: half)."""
    ranks = rankdata([*same, *other])[: len(same)]
    return float((ranks.sum() - len(same) * (len(same) + 1) / 2) / (len(same) * len(other)))


def at(threshold: float, same: Sequence[float], other: Sequence[float]) -> Point:
    """What a threshold does; a pair is accepted that reaches it."""
    return Point(
        threshold,
        float(np.mean(np.asarray(other) >= threshold)),
        float(np.mean(np.asarray(same) >= threshold)),
    )


def curve(same: Sequence[float], other: Sequence[float]) -> list[Point]:
    """Every threshold that makes a difference, from the lowest to the highest."""
    return [at(threshold, same, other) for threshold in sorted({*same, *other})]


def equal_error(same: Sequence[float], other: Sequence[float]) -> EqualError:
    """Where both errors are as near to each other as they come; the rate is their middle."""
    nearest = min(curve(same, other), key=lambda point: abs(point.false_match - (1 - point.true_match)))
    return EqualError((nearest.false_match + 1 - nearest.true_match) / 2, nearest.threshold)
