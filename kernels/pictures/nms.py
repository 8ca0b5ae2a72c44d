"""Non-maximum suppression: many overlapping boxes in, one for each thing out.

Boxes are f64 ``[N, 4]``: left, top, right, bottom, in any unit.
"""

import numpy as np
from numpy.typing import NDArray


def iou(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of one box with each of ``boxes``: f64 ``[N]``; 0 where both are empty."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(np.maximum(box[2:] - box[:2], 0))
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    union = area + areas - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(union), where=union > 0), np.float64)


def weighted_nms(
    values: NDArray[np.float64], scores: NDArray[np.float64], overlap: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Blend each cluster of overlapping candidates by score (BlazeFace, arXiv 1907.05047, section 3.3).

    Against plain suppression this steadies the boxes from frame to frame.

    Args:
        values: f64 ``[N, 4 + M]``: a box, then anything that is to be blended with it (key points).
        scores: f64 ``[N]``, above 0.
        overlap: candidates at or above this IoU with the best remaining one belong to it.

    Returns:
        Values ``[K, 4 + M]`` and scores ``[K]`` (the best of each cluster), best first.
    """
    order = np.argsort(-scores, kind="stable")
    values, scores = values[order], scores[order]
    blended, best = [], []
    while len(scores):
        together = iou(values[0, :4], values[:, :4]) >= overlap
        together[0] = True  # an empty box overlaps nothing, not even itself
        blended.append(np.average(values[together], axis=0, weights=scores[together]))
        best.append(scores[0])
        values, scores = values[~together], scores[~together]
    return np.array(blended).reshape(-1, values.shape[1]), np.array(best)


def suppress(
    boxes: NDArray[np.float64], groups: NDArray[np.integer], overlap: float, most: int | None = None
) -> NDArray[np.intp]:
    """Which of ``boxes`` (best first) stay: those that overlap no better one of the same group.

    Args:
        boxes: f64 ``[N, 4]``.
        groups: ``[N]``, a class for each box.
        overlap: from this IoU on, the worse box goes.
        most: no more than so many, the best; the time it takes grows with how many stay.
    """
    remaining = np.arange(len(boxes))
    kept: list[np.intp] = []
    while len(remaining) and (most is None or len(kept) < most):
        best, rest = remaining[0], remaining[1:]
        kept.append(best)
        same = (groups[rest] == groups[best]) & (iou(boxes[best], boxes[rest]) >= overlap)
        remaining = rest[~same]
    return np.array(kept, np.intp)
