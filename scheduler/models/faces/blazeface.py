"""BlazeFace: finds faces, and the eyes, the nose tip and the mouth of each.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", arXiv 1907.05047;
weights and constants from MediaPipe's face_detection (Apache-2.0; model cards "BlazeFace Short Range" and
"Full Range"). Two shapes of it:

===========  =====  =======================================  =========================
weights      input  anchors                                  made for
===========  =====  =======================================  =========================
short range  128²   896: 16² cells × 2, then 8² × 6          a face within 2 m
full range   192²   2304: 48² cells × 1                      a face within 5 m
===========  =====  =======================================  =========================

Input f32 ``[B, S, S, 3]`` RGB in −1..1. Outputs, per anchor: 16 numbers (box centre and size, six points;
in input pixels, relative to the anchor's centre) and a logit.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.cuda.decode import Found
from argusd.kernels.cuda.decode import faces as faces_on
from argusd.kernels.cuda.device import Device, Tensor
from argusd.kernels.pictures.nms import weighted_nms
from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_DETECTOR
from ...core import Feeds, Frame, Roi
from ..drift import Drift, Tensors, of_logits, of_places
from ..outputs import Face, probabilities
from ..pixels import crop
from ..registry import Graph, register
from .found_faces import faces_of

SPAN = Span(-1, 1)
OVERLAP = 0.3
MOST_OFF = 0.5  # pixels of the input, in half precision
KEYPOINTS = 4  # the last two of six are where the ears begin, which nothing needs


class AnchorLevel(NamedTuple):
    """A grid of ``cells`` × ``cells`` with ``repeats`` anchors at each cell's centre."""

    cells: int
    repeats: int


class BlazeFaceShape(NamedTuple):
    """What differs between the two sets of weights."""

    input_name: str
    size: int
    levels: tuple[AnchorLevel, ...]
    min_score: float


SHORT_RANGE = BlazeFaceShape("input", 128, (AnchorLevel(16, 2), AnchorLevel(8, 6)), 0.5)
FULL_RANGE = BlazeFaceShape("input_1", 192, (AnchorLevel(48, 1),), 0.6)


class BlazeFace:
    """The face detector of either shape; one output row is a list of ``Face``, best first."""

    role = FACE_DETECTOR

    def __init__(self, name: str, shape: BlazeFaceShape) -> None:
        self.name = name
        self._shape = shape
        self._min_logit = math.log(shape.min_score / (1 - shape.min_score))
        self._anchors = np.concatenate([_centers(level) for level in shape.levels])

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        size = self._shape.size
        return {self._shape.input_name: np.zeros((batch, size, size, 3), np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, S, S, 3]`` in −1..1."""
        return {self._shape.input_name: crop(frames, rois, self._shape.size, SPAN)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Face]]:
        """Faces of each row, from numbers ``[B, A, 16]`` and logits ``[B, A, 1]``."""
        numbers, logits = tensors
        rows, anchors = np.divmod(np.flatnonzero(logits >= self._min_logit), len(self._anchors))
        scores = probabilities(logits[rows, anchors, 0])
        offsets = numbers[rows, anchors].astype(np.float64).reshape(-1, 8, 2) / self._shape.size
        centers = self._anchors[anchors, None]
        middle, half, points = centers + offsets[:, :1], offsets[:, 1:2] / 2, centers + offsets[:, 2:]
        places = np.concatenate([middle - half, middle + half, points[:, :KEYPOINTS]], axis=1)
        found = weighted_nms(places.reshape(-1, 2 * (2 + KEYPOINTS)), scores, rows, OVERLAP)
        return faces_of(found.values.reshape(-1, 2 + KEYPOINTS, 2), found.scores, found.groups, rois)

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of all anchors' boxes and points, in input pixels, and scores."""
        return [of_places(half[0], full[0], MOST_OFF), of_logits(half[1], full[1])]

    def found_on(self, device: Device, tensors: Sequence[Tensor]) -> Found:
        """The same on a device."""
        numbers, logits = tensors
        size, least = self._shape.size, self._min_logit
        return faces_on(device, numbers, logits, self._anchors, size, least, OVERLAP)

    def outputs_of(self, found: Found, rois: Sequence[Roi]) -> list[list[Face]]:
        """Faces of each row."""
        points = found.values.astype(np.float64).reshape(-1, 2 + KEYPOINTS, 2)
        return faces_of(points, found.scores, found.rows, rois)


def _centers(level: AnchorLevel) -> NDArray[np.float64]:
    """Anchor centres f64 ``[cells² · repeats, 2]`` in 0..1, row by row."""
    line = (np.arange(level.cells) + 0.5) / level.cells
    x, y = np.meshgrid(line, line)
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), level.repeats, axis=0)


register(Graph(lambda name: BlazeFace(name, SHORT_RANGE)), "blazeface")
register(Graph(lambda name: BlazeFace(name, FULL_RANGE)), "blazeface_full_range")
