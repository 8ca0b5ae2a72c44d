"""MTCNN: finds faces in three looks, each at what the last one left, and five points on each.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", IEEE SPL
23 (2016), arXiv 1604.02878; weights and thresholds of facenet-pytorch (MIT). The whole cascade is one graph
(``importers/pytorch/mtcnn.py``): a batch is all sessions' frames in the first network and all sessions'
candidates in the other two.

Input f32 ``[B, 640, 640, 3]`` RGB, (x − 127.5) / 128. Outputs f32, one row for each candidate of any frame
that reached the last network: ``rows [K, 1]``, the frame; ``boxes [K, 4]`` in input pixels; ``scores
[K, 1]``; ``offsets [K, 4]`` of the box's sides and ``points [K, 10]``, five x, then five y, both in parts of
the box.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.nms import over_smaller, suppress
from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_DETECTOR
from ...core import Feeds, Frame, Roi
from ..outputs import Face
from ..pixels import crop
from ..registry import Graph, register
from .found_faces import faces_of

INPUT = "images"
SIZE = 640
SPAN = Span(-127.5 / 128, 127.5 / 128)
MIN_SCORE = 0.7
INSIDE = float(np.nextafter(0.7, 1))  # of the smaller of two boxes; from there on it is the same face
LAST_PIXEL = np.array([0.0, 0, 1, 1])  # to facenet-pytorch a box holds it
SEED, COARSE = 5, 64  # of the noise that the model is measured with


class Mtcnn:
    """The face detector; one output row is a list of ``Face``, best first."""

    role = FACE_DETECTOR

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Soft noise: it proposes about as many boxes to the later networks as a picture of two people."""
        coarse = np.random.default_rng(SEED).uniform(-1, 1, (COARSE, COARSE, 3)).astype(np.float32)
        soft = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC).clip(SPAN.low, SPAN.high)
        return {INPUT: np.repeat(np.asarray(soft, np.float32)[None], batch, axis=0)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 640, 640, 3]``."""
        return {INPUT: crop(frames, rois, SIZE, SPAN)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Face]]:
        """Faces of each row."""
        order = np.lexsort((-tensors[2][:, 0], tensors[0][:, 0]))
        # A device's batch is filled up with pictures of nothing, in which something may be found.
        order = order[(tensors[2][order, 0] > MIN_SCORE) & (tensors[0][order, 0] < len(rois))]
        rows, boxes, scores, offsets, points = (tensor[order].astype(np.float64) for tensor in tensors)
        owners: NDArray[np.intp] = rows[:, 0].astype(np.intp)
        sizes = boxes[:, 2:] - boxes[:, :2] + 1
        moved = boxes + offsets * np.tile(sizes, 2)
        inside = boxes[:, None, :2] + points.reshape(-1, 2, 5).swapaxes(1, 2) * sizes[:, None] - 1
        places = np.concatenate([moved.reshape(-1, 2, 2), inside], axis=1) / SIZE
        alive = suppress(moved + LAST_PIXEL, owners, INSIDE, measure=over_smaller)
        return faces_of(places[alive], scores[alive, 0], owners[alive], rois)


register(Graph(Mtcnn), "mtcnn")
