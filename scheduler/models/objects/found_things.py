"""From what detectors of objects find in a whole batch to each row's things."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core import Roi
from ...errors import InferenceFailed
from ..outputs import Box, Thing
from ..pixels import to_frames


def require_classes(classes: Sequence[str], given: int) -> None:
    """Refuse to name what a graph gives out where it tells another number of classes apart.

    Raises:
        InferenceFailed: it does.
    """
    if len(classes) != given:
        raise InferenceFailed(f"the graph tells {given} classes apart, its manifest names {len(classes)}")


def things_of(
    names: Sequence[str],
    boxes: NDArray[np.float64],
    scores: NDArray[np.floating],
    classes: NDArray[np.integer],
    owners: NDArray[np.integer],
    rois: Sequence[Roi],
) -> list[list[Thing]]:
    """Each row's things, in the order they are given in.

    ``names``: those of the classes. ``boxes`` f64 ``[K, 4]`` in 0..1 of the region; ``owners`` ``[K]``: the
    rows that they were found in.
    """
    things: list[list[Thing]] = [[] for _ in rois]
    rows = owners.tolist()
    placed = to_frames(boxes.reshape(-1, 2, 2), [rois[row] for row in rows]).reshape(-1, 4)
    found = zip(rows, placed.tolist(), scores.tolist(), classes.tolist(), strict=True)
    for row, box, score, label in found:
        things[row].append(Thing(names[label], score, Box(*box)))
    return things
