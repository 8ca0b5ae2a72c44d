"""YOLOv8: objects as boxes, one distribution over 80 classes at each point of three grids.

Jocher et al., ultralytics YOLOv8 (2023); weights AGPL-3.0. Letterbox, thresholds and decoding as in
ultralytics' predictor.

Input f32 ``[B, 640, 640, 3]`` RGB in 0..1. Output f32 ``[B, 4 + classes, 8400]``: centre x and y, width and
height in input pixels, then the classes' scores in 0..1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.cuda.decode import Found, yolo_things
from argusd.kernels.cuda.device import Device, Tensor
from argusd.kernels.pictures.nms import suppress
from argusd.kernels.pictures.picture import Span

from ...contract.roles import OBJECT_DETECTOR
from ...core import Feeds, Frame, Roi
from ..drift import Drift, Tensors, likeliest, of_places, of_scores
from ..outputs import Thing
from ..pixels import crop
from ..registry import Graph, register
from .coco import COCO
from .found_things import require_classes, things_of

INPUT = "images"
SIZE = 640
SPAN = Span(0, 1)
SURROUND = 114  # the grey around a letterboxed picture
MIN_SCORE = 0.25
SAME_THING = float(np.nextafter(0.7, 1))  # IoU; ultralytics drops what overlaps by more than 0.7
MOST = 300
MOST_OFF = 2.0  # pixels of the input, in half precision


class YoloV8:
    """The object detector; one output row is a list of ``Thing``, best first."""

    role = OBJECT_DETECTOR

    def __init__(self, name: str, classes: Sequence[str] = COCO) -> None:
        self.name = name
        self._classes = classes

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((batch, SIZE, SIZE, 3), 0.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 640, 640, 3]`` in 0..1, grey around the picture."""
        return {INPUT: crop(frames, rois, SIZE, SPAN, SURROUND)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Thing]]:
        """Objects of each row."""
        candidates = tensors[0]
        require_classes(self._classes, candidates.shape[1] - 4)
        best = candidates[:, 4:].max(axis=1)
        rows, points = np.divmod(np.flatnonzero(best > MIN_SCORE), best.shape[1])
        order = np.lexsort((-best[rows, points], rows))
        rows, points = rows[order], points[order]
        classes = np.argmax(candidates[rows, 4:, points], axis=1)
        x, y, width, height = candidates[rows, :4, points].astype(np.float64).T
        boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
        alive = suppress(boxes, rows * len(self._classes) + classes, SAME_THING, MOST)
        rows, points, classes = rows[alive], points[alive], classes[alive]
        found = things_of(self._classes, boxes[alive] / SIZE, best[rows, points], classes, rows, rois)
        return [things[:MOST] for things in found]

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of all scores, and of the likeliest points' boxes, in input pixels."""
        rows, points = likeliest(full[0][:, 4:].max(axis=1))
        ours, theirs = (each[0][rows, :4, points] for each in (half, full))
        return [of_scores(half[0][:, 4:], full[0][:, 4:]), of_places(ours, theirs, MOST_OFF, "boxes")]

    def found_on(self, device: Device, tensors: Sequence[Tensor]) -> Found:
        """The same on a device."""
        require_classes(self._classes, tensors[0].shape[1] - 4)
        return yolo_things(device, tensors[0], MIN_SCORE, SAME_THING)

    def outputs_of(self, found: Found, rois: Sequence[Roi]) -> list[list[Thing]]:
        """Objects of each row."""
        boxes = found.values.astype(np.float64) / SIZE
        things = things_of(self._classes, boxes, found.scores, found.labels, found.rows, rois)
        return [each[:MOST] for each in things]


register(Graph(YoloV8, YoloV8), "yolov8n")
