"""Non-maximum suppression: many overlapping boxes in, one for each thing out.

Boxes are f64 ``[N, 4]``: left, top, right, bottom, in any unit. Those of many pictures are done at a time,
each picture's (and each class's) in a group of its own: in every round the best box of each group takes those
that overlap it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


def iou(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes with others, one for one: f64 ``[N]``; 0 where both are empty.

    Either may be a single box ``[4]``, which is compared with each of the other side.
    """
    shared, first, second = _areas(boxes, others)
    return _share(shared, first + second - shared)


def over_smaller(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over the smaller of two boxes, else as ``iou``; 0 where one is empty."""
    shared, first, second = _areas(boxes, others)
    return _share(shared, np.minimum(first, second))


class Blended(NamedTuple):
    """Clusters: their values f64 ``[K, 4 + M]``, their best scores f64 ``[K]``, their groups ``[K]``."""

    values: NDArray[np.float64]
    scores: NDArray[np.float64]
    groups: NDArray[np.integer]


def weighted_nms(
    values: NDArray[np.float64], scores: NDArray[np.float64], groups: NDArray[np.integer], overlap: float
) -> Blended:
    """Blend each cluster of overlapping candidates by score (BlazeFace, arXiv 1907.05047, section 3.3).

    Against plain suppression this steadies the boxes from frame to frame.

    Args:
        values: f64 ``[N, 4 + M]``: a box, then anything that is to be blended with it (key points).
        scores: f64 ``[N]``, above 0.
        groups: ``[N]``, whose clusters have nothing to do with each other.
        overlap: candidates at or above this IoU with the best remaining one belong to it.

    Returns:
        Group by group, best first.
    """
    remaining = np.lexsort((-scores, groups))
    rounds = [Blended(values[:0], scores[:0], groups[:0])]
    while len(remaining):
        first, whose = _leaders(groups[remaining])
        together = iou(values[remaining[whose], :4], values[remaining, :4]) >= overlap
        together[first] = True  # an empty box overlaps nothing, not even itself
        members, starts = remaining[together], (np.cumsum(together) - 1)[first]
        weights = scores[members]
        sums = np.add.reduceat(values[members] * weights[:, None], starts)
        means = sums / np.add.reduceat(weights, starts)[:, None]
        leaders = remaining[first]
        rounds.append(Blended(means, scores[leaders], groups[leaders]))
        remaining = remaining[~together]
    blended, best, whose = (np.concatenate(column) for column in zip(*rounds, strict=True))
    order = np.argsort(whose, kind="stable")
    return Blended(blended[order], best[order], whose[order])


def suppress(
    boxes: NDArray[np.float64],
    groups: NDArray[np.integer],
    overlap: float,
    most: int | None = None,
    measure: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]] = iou,
) -> NDArray[np.intp]:
    """Which of ``boxes`` (best first) stay: those that overlap no better one of the same group.

    Args:
        boxes: f64 ``[N, 4]``.
        groups: ``[N]``, a picture and a class for each box.
        overlap: from this ``measure`` on, the worse box goes.
        most: of each group no more than so many, the best; the time it takes grows with how many stay.
    """
    remaining = np.argsort(groups, kind="stable")
    kept = [remaining[:0]]
    while len(remaining) and (most is None or len(kept) <= most):
        first, whose = _leaders(groups[remaining])
        kept.append(remaining[first])
        if len(first) == len(remaining):  # all are alone in their groups, as most are from the start
            break
        apart = measure(boxes[remaining[whose]], boxes[remaining]) < overlap
        apart[first] = False
        remaining = remaining[apart]
    return np.sort(np.concatenate(kept))


def _leaders(groups: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of groups that lie together: where each begins, and for each place where its group does."""
    begins = np.ones(len(groups), np.bool_)
    np.not_equal(groups[1:], groups[:-1], out=begins[1:])
    first = np.flatnonzero(begins)
    return first, first[np.cumsum(begins) - 1]


def _areas(
    boxes: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What boxes share with others, one for one, and their own areas."""
    low = np.maximum(boxes[..., :2], others[..., :2])
    high = np.minimum(boxes[..., 2:], others[..., 2:])
    return _area(low, high), _area(boxes[..., :2], boxes[..., 2:]), _area(others[..., :2], others[..., 2:])


def _share(part: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, of, out=np.zeros_like(of), where=of > 0), np.float64)


def _area(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float64)
