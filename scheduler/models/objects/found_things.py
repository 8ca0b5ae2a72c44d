"""From what detectors of objects find in a whole batch to each row's things."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core import Roi
from ..outputs import Box, Thing
from ..pixels import to_frames
from .coco import COCO


def things_of(
    boxes: NDArray[np.float64],
    scores: NDArray[np.floating],
    classes: NDArray[np.integer],
    owners: NDArray[np.integer],
    rois: Sequence[Roi],
) -> list[list[Thing]]:
    """Each row's things, in the order they are given in.

    ``boxes`` f64 ``[K, 4]`` in 0..1 of the region; ``owners`` ``[K]``: the rows that they were found in.
    """
    things: list[list[Thing]] = [[] for _ in rois]
    rows = owners.tolist()
    placed = to_frames(boxes.reshape(-1, 2, 2), [rois[row] for row in rows]).reshape(-1, 4)
    found = zip(rows, placed.tolist(), scores.tolist(), classes.tolist(), strict=True)
    for row, box, score, label in found:
        things[row].append(Thing(COCO[label], score, Box(*box)))
    return things
