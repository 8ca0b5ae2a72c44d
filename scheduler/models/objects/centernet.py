"""CenterNet: objects as points of a heat map.

Zhou et al., "Objects as Points", arXiv 1904.07850, with a distance to each side of the box as in TTFNet
(arXiv 1909.00700); MobileNetV3 weights for the 80 classes of COCO from human-models (MIT).

Input f32 ``[B, 512, 512, 3]`` RGB in 0..255. Outputs f32: scores ``[B, 128, 128, 80]`` in 0..1, a local
maximum being an object's centre; distances from there to the left, upper, right and lower side
``[B, 128, 128, 4]`` in input pixels.
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

INPUT = "tower_0/images"
SIZE = 512
STRIDE = 4
SPAN = Span(0, 255)
MIN_SCORE = 0.3
SAME_THING = 0.6  # IoU
SAME_TOP = 0.05
MOST = 100  # as many as the published graph picks


class CenterNet:
    """The object detector; one output row is a list of ``Thing``, best first."""

    role = OBJECT_DETECTOR

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((batch, SIZE, SIZE, 3), 127.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 512, 512, 3]`` in 0..255."""
        return {INPUT: crop(frames, rois, SIZE, SPAN)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[list[Thing]]:
        """Objects of each row."""
        scores, distances = tensors
        return [_things(*row) for row in zip(scores, distances, rois, strict=True)]


def _things(scores: NDArray[Any], distances: NDArray[Any], roi: Roi) -> list[Thing]:
    rows, columns, classes = peaks(scores)
    if not len(rows):
        return []
    best = scores[rows, columns, classes]
    centers = np.stack([columns, rows], axis=1) * STRIDE
    low = centers - distances[rows, columns, :2]
    high = centers + distances[rows, columns, 2:]
    whose = tops(centers, high - low, classes)
    np.maximum.at(best, whose, best)
    own = np.flatnonzero(whose == np.arange(len(whose)))
    own = own[np.argsort(-best[own], kind="stable")]
    corners = np.hstack([to_frame(low[own] / SIZE, roi), to_frame(high[own] / SIZE, roi)])
    return [
        Thing(COCO[classes[own[i]]], float(best[own[i]]), Box(*corners[i].tolist()))
        for i in suppress(corners, classes[own], SAME_THING)
    ]


def tops(
    centers: NDArray[np.integer], sizes: NDArray[np.floating], classes: NDArray[np.integer]
) -> NDArray[np.intp]:
    """For each peak the one whose thing it belongs to; most belong to themselves.

    A peak is as broad as its thing is large (TTFNet), and a broad one may have two tops. One that lies at
    the middle of a larger thing of its class, within ``SAME_TOP`` of its size, is the other top of that.
    """
    apart = np.abs(centers[:, None] - centers[None])
    same = (apart <= SAME_TOP * sizes[None]).all(axis=2) & (classes[:, None] == classes[None])
    return np.asarray(np.where(same, sizes.prod(axis=1)[None], -1.0).argmax(axis=1), np.intp)


def peaks(scores: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Rows, columns and classes of the local maxima (3 × 3, per class) of ``[H, W, C]``, highest first."""
    # One dimension first: nonzero() of three is ten times as slow.
    rows, columns, classes = np.unravel_index(np.flatnonzero(scores >= MIN_SCORE), scores.shape)
    best = scores[rows, columns, classes]
    highest = np.ones(len(best), bool)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            beside = scores[
                np.clip(rows + down, 0, scores.shape[0] - 1),
                np.clip(columns + across, 0, scores.shape[1] - 1),
                classes,
            ]
            highest &= best >= beside
    kept = np.flatnonzero(highest)
    kept = kept[np.argsort(-best[kept], kind="stable")][:MOST]
    return rows[kept], columns[kept], classes[kept]


register(Graph(CenterNet), "centernet")
