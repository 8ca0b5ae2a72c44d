"""SCRFD: finds faces of any size, and the eyes, the nose tip and the mouth's corners of each.

Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", ICLR 2022 (arXiv
2105.04714); weights of InsightFace's packs buffalo_l (``det_10g``) and buffalo_s (``det_500m``), for
non-commercial research only; thresholds and decoding as in InsightFace's ``scrfd.py``.

Input f32 ``[B, 640, 640, 3]`` RGB, (x − 127.5) / 128. Outputs f32 (the published nine, joined by
``importers/onnx_graphs/scrfd.py``): scores ``[B, 16800, 1]``; distances from an anchor to the left, upper,
right and lower side ``[B, 16800, 4]``; offsets of five points ``[B, 16800, 10]``. Distances and offsets count
the anchor's stride.
Two anchors stand on each point of three grids, 8, 16 and 32 pixels wide.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.cuda.decode import Found, scrfd_faces
from argusd.kernels.cuda.device import Device, Tensor
from argusd.kernels.pictures.nms import suppress
from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_DETECTOR
from ...core import Feeds, Frame, Roi
from ..drift import Drift, Tensors, likeliest, of_places, of_scores
from ..outputs import Face
from ..pixels import crop
from ..registry import Graph, register
from .found_faces import faces_of

INPUT = "images"
SIZE = 640
SPAN = Span(-127.5 / 128, 127.5 / 128)
STRIDES = (8, 16, 32)
ANCHORS = 2  # on each point
MIN_SCORE = 0.5
MOST = 300  # faces of one picture
MOST_OFF = 0.0625  # of a stride, in half precision: half a pixel to two
LAST_PIXEL = np.array([0.0, 0, 1, 1])
OVERLAP = float(np.nextafter(0.4, 1))  # InsightFace drops what overlaps by more than 0.4


class Scrfd:
    """The face detector of either size; one output row is a list of ``Face``, best first."""

    role = FACE_DETECTOR

    def __init__(self, name: str) -> None:
        self.name = name
        self._anchors = np.concatenate([_grid(stride) for stride in STRIDES])
        self._strides = np.repeat(STRIDES, [ANCHORS * (SIZE // stride) ** 2 for stride in STRIDES])
        self._grid = np.hstack([self._anchors, self._strides[:, None]])

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.zeros((batch, SIZE, SIZE, 3), np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 640, 640, 3]``, black around the picture as InsightFace has it."""
        return {INPUT: crop(frames, rois, SIZE, SPAN)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Face]]:
        """Faces of each row."""
        scores, distances, offsets = tensors
        rows, places = np.divmod(np.flatnonzero(scores >= MIN_SCORE), len(self._anchors))
        best = scores[rows, places, 0]
        order = np.lexsort((-best, rows))
        rows, places, best = rows[order], places[order], best[order]
        anchors, strides = self._anchors[places], self._strides[places, None]
        sides = distances[rows, places].astype(np.float64) * strides
        boxes = np.hstack([anchors - sides[:, :2], anchors + sides[:, 2:]])
        # To InsightFace a box holds its last pixel: areas and overlaps are a pixel wider.
        alive = suppress(boxes + LAST_PIXEL, rows, OVERLAP, MOST)
        inside = (offsets[rows, places].astype(np.float64) * strides).reshape(-1, 5, 2)
        points = np.concatenate([boxes.reshape(-1, 2, 2), anchors[:, None] + inside], axis=1)
        return faces_of(points[alive] / SIZE, best[alive], rows[alive], rois)

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of all scores, and of the likeliest anchors' sides and points, in strides."""
        likely = likeliest(full[0][..., 0])
        sides, points = (
            of_places(half[at][likely], full[at][likely], MOST_OFF, what)
            for at, what in ((1, "sides"), (2, "points"))
        )
        return [of_scores(half[0], full[0]), sides, points]

    def found_on(self, device: Device, tensors: Sequence[Tensor]) -> Found:
        """The same on a device."""
        scores, distances, offsets = tensors
        return scrfd_faces(device, scores, distances, offsets, self._grid, MIN_SCORE, OVERLAP)

    def outputs_of(self, found: Found, rois: Sequence[Roi]) -> list[list[Face]]:
        """Faces of each row."""
        points = found.values.astype(np.float64).reshape(-1, 7, 2) / SIZE
        return [each[:MOST] for each in faces_of(points, found.scores, found.rows, rois)]


def _grid(stride: int) -> NDArray[np.float64]:
    """Anchors f64 ``[ANCHORS · (SIZE / stride)², 2]`` in input pixels, row by row."""
    line = np.arange(SIZE // stride) * float(stride)
    x, y = np.meshgrid(line, line)
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), ANCHORS, axis=0)


register(Graph(Scrfd), "scrfd_10g", "scrfd_500m")
