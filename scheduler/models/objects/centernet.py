"""CenterNet: objects as points of a heat map.

Zhou et al., "Objects as Points", arXiv 1904.07850, with a distance to each side of the box as in TTFNet
(arXiv 1909.00700); MobileNetV3 weights for the 80 classes of COCO from human-models (MIT).

Input f32 ``[B, 512, 512, 3]`` RGB in 0..255. Outputs f32 (of ``importers/tfjs/centernet.py``): the classes'
logits ``[B, 128, 128, 80]``, a local maximum being an object's centre; the highest of each place
``[B, 128, 128]``; distances from there to the left, upper, right and lower side ``[B, 128, 128, 4]`` in input
pixels.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.cuda.decode import Found, center_things
from argusd.kernels.cuda.device import Device, Tensor
from argusd.kernels.pictures.nms import suppress
from argusd.kernels.pictures.picture import Span

from ...contract.roles import OBJECT_DETECTOR
from ...core import Feeds, Frame, Roi
from ..drift import Drift, Tensors, likeliest, of_logits, of_places
from ..outputs import Thing, probabilities
from ..pixels import crop
from ..registry import Graph, register
from .coco import COCO
from .found_things import things_of

INPUT = "tower_0/images"
SIZE = 512
STRIDE = 4
SPAN = Span(0, 255)
MIN_SCORE = 0.2  # less than is told: see outputs.TOLD
MIN_LOGIT = np.float32(math.log(MIN_SCORE / (1 - MIN_SCORE)))
SAME_THING = 0.6  # IoU
SAME_TOP = 0.05
MOST_OFF = 0.05  # of a box, in half precision
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
        logits, highest, distances = tensors
        found = peaks(logits, highest)
        rows, down, across, classes = found
        best = probabilities(logits[found])
        centers = np.stack([across, down], axis=1) * STRIDE
        sides = distances[rows, down, across]
        low, high = centers - sides[:, :2], centers + sides[:, 2:]
        groups = rows * len(COCO) + classes
        whose = tops(centers, high - low, groups)
        np.maximum.at(best, whose, best)
        own = np.flatnonzero(whose == np.arange(len(whose)))
        own = own[np.lexsort((-best[own], rows[own]))]
        boxes = np.hstack([low[own], high[own]]) / SIZE
        alive = suppress(boxes, groups[own], SAME_THING)
        own = own[alive]
        return things_of(COCO, boxes[alive], best[own], classes[own], rows[own], rois)

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of all scores, and of the sides of the likeliest places, where they mean something, by the box."""
        logits, highest, sides = full
        likely = likeliest(highest.reshape(len(highest), -1))
        ours, theirs = (each.reshape(len(highest), -1, 4)[likely] for each in (half[2], sides))
        sizes = np.tile(theirs[:, :2] + theirs[:, 2:], 2)
        return [of_logits(half[0], logits), of_places(ours / sizes, theirs / sizes, MOST_OFF, "sides")]

    def found_on(self, device: Device, tensors: Sequence[Tensor]) -> Found:
        """The same on a device."""
        logits, highest, sides = tensors
        least = float(MIN_LOGIT)
        return center_things(device, logits, highest, sides, STRIDE, least, MOST, SAME_TOP, SAME_THING)

    def outputs_of(self, found: Found, rois: Sequence[Roi]) -> list[list[Thing]]:
        """Objects of each row."""
        boxes = found.values.astype(np.float64) / SIZE
        return things_of(COCO, boxes, found.scores, found.labels, found.rows, rois)


def tops(
    centers: NDArray[np.integer], sizes: NDArray[np.floating], groups: NDArray[np.integer]
) -> NDArray[np.intp]:
    """For each peak the one whose thing it belongs to; most belong to themselves.

    A peak is as broad as its thing is large (TTFNet), and a broad one may have two tops. One that lies at
    the middle of a larger thing of its group, within ``SAME_TOP`` of its size, is the other top of that.
    ``groups`` ``[N]``: the row and class of each; of equally large things the first counts.
    """
    one, other = _pairs(groups)
    close = (np.abs(centers[one] - centers[other]) <= SAME_TOP * sizes[other]).all(axis=1)
    close |= one == other
    one, other = one[close], other[close]
    order = np.lexsort((-sizes.prod(axis=1)[other], one))  # the largest first
    return np.asarray(other[order][np.searchsorted(one[order], np.arange(len(groups)))], np.intp)


def _pairs(groups: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs, either way round and with itself, within each group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    begin, end = (np.searchsorted(ordered, ordered, side) for side in ("left", "right"))
    many = end - begin
    one = np.repeat(np.arange(len(groups)), many)
    other = np.repeat(begin - np.cumsum(many) + many, many) + np.arange(many.sum())
    return order[one], order[other]


def peaks(logits: NDArray[np.float32], highest: NDArray[np.float32]) -> tuple[NDArray[np.intp], ...]:
    """Rows, their lines, columns and classes of the local maxima (3 × 3, per class) of ``[B, H, W, C]``.

    Row by row, of each the ``MOST`` highest, highest first. ``highest`` ``[B, H, W]``: of each place.
    """
    _, height, width, classes = logits.shape
    places, labels, levels = _candidates(logits, highest)
    around = _around(height, width)
    # Few hold out against their neighbours on the line, which lie near in memory.
    for steps in (around[3:6], around):
        near = places + steps.take(places % (height * width), axis=1)
        kept = np.flatnonzero(levels >= logits.reshape(-1, classes)[near, labels].max(axis=0))
        places, labels, levels = places[kept], labels[kept], levels[kept]
    rows, cells = np.divmod(places, height * width)
    order = np.lexsort((-levels, rows))
    rows = rows[order]
    within = np.arange(len(rows)) - np.searchsorted(rows, rows)
    best = order[within < MOST]
    return rows[within < MOST], *np.divmod(cells[best], width), labels[best]


def _candidates(
    logits: NDArray[np.float32], highest: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Where the logits reach the lowest that counts: places of all maps in a row, classes, and the logits."""
    hot = np.flatnonzero(highest >= MIN_LOGIT)
    levels = logits.reshape(-1, logits.shape[-1]).take(hot, axis=0)
    found = np.flatnonzero(levels >= MIN_LOGIT)
    which, labels = np.divmod(found, logits.shape[-1])
    return hot[which], labels, levels.reshape(-1)[found]


@cache
def _around(height: int, width: int) -> NDArray[np.intp]:
    """Steps from each place of a map to those around it and itself, none over an edge: ``[9, H · W]``."""
    below, beside = np.indices((3, 3)).reshape(2, 9, 1) - 1
    line, column = np.divmod(np.arange(height * width), width)
    near = np.clip(line + below, 0, height - 1) * width + np.clip(column + beside, 0, width - 1)
    return np.asarray(near - np.arange(height * width), np.intp)


register(Graph(CenterNet), "centernet")
