"""D-FINE: objects as a set of boxes, each of which looked at the picture's features around itself.

Peng et al., "D-FINE: Redefine Regression Task of DETRs as Fine-grained Distribution Refinement" (2024,
arXiv 2410.13842); weights Apache-2.0. Scores and boxes as transformers' ``post_process_object_detection``
reads them; no box is suppressed by another. The published preparation stretches a picture to a square, ours
letterboxes it like all regions.

Input f32 ``[B, 640, 640, 3]`` RGB in 0..1. Outputs f32 ``[B, 300, 80]``, the classes' scores in 0..1, and
``[B, 300, 4]``: centre x and y, width and height in 0..1 of the region.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Span

from ...contract.roles import OBJECT_DETECTOR
from ...core import Feeds, Frame, Roi
from ..outputs import Thing
from ..pixels import crop
from ..registry import Graph, register
from .coco import COCO
from .found_things import things_of

INPUT = "images"
SIZE = 640
SPAN = Span(0, 1)
MIN_SCORE = 0.25
MOST = 300


class DFine:
    """The object detector; one output row is a list of ``Thing``, best first."""

    role = OBJECT_DETECTOR

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((batch, SIZE, SIZE, 3), 0.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 640, 640, 3]`` in 0..1, black around the picture."""
        return {INPUT: crop(frames, rois, SIZE, SPAN)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Thing]]:
        """Objects of each row."""
        scores, boxes = tensors
        rows, queries, classes = np.nonzero(scores > MIN_SCORE)
        order = np.lexsort((-scores[rows, queries, classes], rows))
        rows, queries, classes = rows[order], queries[order], classes[order]
        x, y, width, height = boxes[rows, queries].astype(np.float64).T
        corners = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
        found = things_of(COCO, corners, scores[rows, queries, classes], classes, rows, rois)
        return [things[:MOST] for things in found]


register(Graph(DFine), "dfine_n", "dfine_s")
