"""YOLOv8: objects as boxes, one distribution over 80 classes at each point of three grids.

Jocher et al., ultralytics YOLOv8 (2023); weights AGPL-3.0. Letterbox, thresholds and decoding as in
ultralytics' predictor.

Input f32 ``[B, 640, 640, 3]`` RGB in 0..1. Output f32 ``[B, 84, 8400]``: centre x and y, width and height in
input pixels, then the classes' scores in 0..1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.nms import suppress
from argusd.kernels.pictures.picture import Span

from ...contract.roles import OBJECT_DETECTOR
from ...core import Feeds, Frame, Roi
from ..outputs import Box, Thing
from ..pixels import crop, to_frame
from ..registry import Graph, register
from .coco import COCO

INPUT = "images"
SIZE = 640
SPAN = Span(0, 1)
SURROUND = 114  # the grey around a letterboxed picture
MIN_SCORE = 0.25
SAME_THING = float(np.nextafter(0.7, 1))  # IoU; ultralytics drops what overlaps by more than 0.7
MOST = 300


class YoloV8:
    """The object detector; one output row is a list of ``Thing``, best first."""

    role = OBJECT_DETECTOR

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((batch, SIZE, SIZE, 3), 0.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 640, 640, 3]`` in 0..1, grey around the picture."""
        return {INPUT: crop(frames, rois, SIZE, SPAN, SURROUND)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Thing]]:
        """Objects of each row."""
        return [_things(row, roi) for row, roi in zip(tensors[0], rois, strict=True)]


def _things(candidates: NDArray[Any], roi: Roi) -> list[Thing]:
    best = candidates[4:].max(axis=0)
    kept = np.flatnonzero(best > MIN_SCORE)
    kept = kept[np.argsort(-best[kept], kind="stable")]
    x, y, width, height, *scores = candidates[:, kept].astype(np.float64)
    classes = np.argmax(scores, axis=0)
    low = np.stack([x - width / 2, y - height / 2], axis=1)
    high = np.stack([x + width / 2, y + height / 2], axis=1)
    alive = suppress(np.hstack([low, high]), classes, SAME_THING, MOST)
    corners = np.hstack([to_frame(low / SIZE, roi), to_frame(high / SIZE, roi)])
    return [Thing(COCO[classes[i]], float(best[kept[i]]), Box(*corners[i].tolist())) for i in alive]


register(Graph(YoloV8), "yolov8n")
