"""From what detectors of faces find in a whole batch to each row's faces."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core import Roi
from ..outputs import Box, Face
from ..pixels import to_frames


def faces_of(
    points: NDArray[np.float64],
    scores: NDArray[np.floating],
    owners: NDArray[np.integer],
    rois: Sequence[Roi],
) -> list[list[Face]]:
    """Each row's faces, in the order they are given in.

    ``points`` f64 ``[K, 2 + N, 2]`` in 0..1 of the region: two corners of a box, then key points. ``owners``
    ``[K]``: the rows that they were found in.
    """
    faces: list[list[Face]] = [[] for _ in rois]
    rows = owners.tolist()
    placed = to_frames(points, [rois[row] for row in rows])
    # In a region that is turned other corners are the upper left and the lower right one.
    turned = np.array([bool(rois[row].angle) for row in rows], np.bool_)
    placed[turned, :2] = np.sort(placed[turned, :2], axis=1)
    for row, place, score in zip(rows, placed, scores.tolist(), strict=True):
        (left, top), (right, bottom) = place[:2].tolist()
        faces[row].append(Face(Box(left, top, right, bottom), place[2:], score))
    return faces
