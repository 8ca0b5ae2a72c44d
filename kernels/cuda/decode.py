"""Detectors' tensors to boxes on a device: what ``kernels.pictures.nms`` does, and what comes before it.

A row that finds more than a device's columns hold is named, and left to the host: what is found is always
what the host would find.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .device import Device, Kernel, Tensor
from .structs import BOXES, CANDIDATE, CAPACITY

WORDS = CAPACITY // 64
CORNERS = 4
FACE_VALUES = 12  # corners and four key points
SCRFD_VALUES = 14  # corners and five key points

EACH = (128, 1, 1)
RANK = Kernel("decode", "rank", EACH)
OVERLAPS = Kernel("decode", "overlaps", (WORDS, 16, 1))
SWEEP = Kernel("decode", "sweep", (32, 1, 1))
THINGS_FOUND = Kernel("decode", "things_found", (BOXES, 1, 1))
FACE_CANDIDATES = Kernel("decode", "face_candidates", EACH)
FACES_FOUND = Kernel("decode", "faces_found", (FACE_VALUES, 16, 1))
SCRFD_CANDIDATES = Kernel("decode", "scrfd_candidates", EACH)
SCRFD_FOUND = Kernel("decode", "scrfd_found", (SCRFD_VALUES, 16, 1))
YOLO_CANDIDATES = Kernel("decode", "yolo_candidates", EACH)
CENTER_CANDIDATES = Kernel("decode", "center_candidates", EACH)
CENTER_OWNERS = Kernel("decode", "center_owners", EACH)
CENTER_TOPS = Kernel("decode", "center_tops", EACH)


class Found(NamedTuple):
    """Boxes of a batch, row by row, best first.

    ``values`` f32 ``[K, 4 + M]``: corners, then what was blended with them; ``scores`` f32 ``[K]``;
    ``labels`` and ``rows`` ``[K]``. ``too_many``: the rows that had more than ``CAPACITY`` candidates or
    ``BOXES`` boxes, of which nothing is here.
    """

    values: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.intp]
    rows: NDArray[np.intp]
    too_many: NDArray[np.intp]


class _Candidates(NamedTuple):
    """Of each row: how many it has, and the first ``CAPACITY`` of them."""

    counts: Tensor
    rows: Tensor


class _Boxes(NamedTuple):
    """Of each row: which candidates lead its boxes, how many do, and which belong to each candidate."""

    leaders: Tensor
    kept: Tensor
    masks: Tensor


def faces(
    device: Device,
    numbers: Tensor,
    logits: Tensor,
    centers: Tensor,
    size: int,
    least: float,
    overlap: float,
) -> Found:
    """BlazeFace's faces: corners and four key points in 0..1 of the input, blended by ``weighted_nms``.

    Args:
        numbers: f32 ``[B, A, 16]``, in input pixels.
        logits: f32 ``[B, A, 1]``.
        centers: the anchors', f64 ``[A, 2]`` in 0..1.
        size: the input's pixels along a side.
        least: the lowest logit.
        overlap: as in ``weighted_nms``.
    """
    batch, anchors = numbers.shape[:2]
    of_anchors = device.array(centers), np.int32(anchors), np.float64(size)
    found = _none(device, batch)
    device.launch(
        FACE_CANDIDATES, (anchors, batch, 1), logits, numbers, *of_anchors, np.float32(least), *found
    )
    ranked = _ranked(device, found)
    boxes = _suppressed(device, ranked, overlap)
    out = device.empty((batch, BOXES, FACE_VALUES + 2), np.float32)
    device.launch(
        FACES_FOUND,
        (FACE_VALUES, BOXES, batch),
        *(ranked.rows, boxes.masks, boxes.leaders, boxes.kept),
        *(numbers, *of_anchors, out),
    )
    return _fetched(device, out, boxes)


def scrfd_faces(
    device: Device,
    scores: Tensor,
    distances: Tensor,
    offsets: Tensor,
    grid: Tensor,
    least: float,
    overlap: float,
) -> Found:
    """SCRFD's faces: corners and five key points in input pixels, those that ``suppress`` leaves.

    Args:
        scores: f32 ``[B, A, 1]``.
        distances: from an anchor to its box's left, upper, right and lower side, f32 ``[B, A, 4]``,
            in strides.
        offsets: from an anchor to its points, f32 ``[B, A, 10]``, in strides.
        grid: the anchors' places and strides in input pixels, f64 ``[A, 3]``.
        least: the lowest score.
        overlap: as in ``suppress``, of boxes a pixel wider and higher.
    """
    batch, anchors = scores.shape[:2]
    of_anchors = distances, offsets, device.array(grid), np.int32(anchors)
    found = _none(device, batch)
    device.launch(SCRFD_CANDIDATES, (anchors, batch, 1), scores, *of_anchors, np.float32(least), *found)
    ranked = _ranked(device, found)
    boxes = _suppressed(device, ranked, overlap)
    out = device.empty((batch, BOXES, SCRFD_VALUES + 2), np.float32)
    of_boxes = ranked.rows, boxes.leaders, boxes.kept
    device.launch(SCRFD_FOUND, (SCRFD_VALUES, BOXES, batch), *of_boxes, *of_anchors, out)
    return _fetched(device, out, boxes)


def yolo_things(device: Device, output: Tensor, least: float, overlap: float) -> Found:
    """YOLOv8's boxes in input pixels, of each class those that ``suppress`` leaves.

    Args:
        output: f32 ``[B, 4 + classes, points]``: centres, sizes, scores.
        least: what a score has to be above.
        overlap: as in ``suppress``.
    """
    batch, values, points = output.shape
    found = _none(device, batch)
    device.launch(
        YOLO_CANDIDATES,
        (points, batch, 1),
        *(output, np.int32(values - CORNERS), np.int32(points), np.float32(least), *found),
    )
    return _things(device, _ranked(device, found), overlap)


def center_things(
    device: Device,
    logits: Tensor,
    highest: Tensor,
    sides: Tensor,
    stride: int,
    least: float,
    most: int,
    same_top: float,
    overlap: float,
) -> Found:
    """CenterNet's boxes in input pixels: local maxima, those of one thing united, what ``suppress`` leaves.

    Args:
        logits: f32 ``[B, H, W, classes]``.
        highest: of each place, f32 ``[B, H, W]``.
        sides: from a place to its box's left, upper, right and lower side, f32 ``[B, H, W, 4]``.
        stride: input pixels from one place to the next.
        least: the lowest logit.
        most: of each row the highest maxima.
        same_top: how far from a thing's middle, of its size, another maximum is one of its own.
        overlap: as in ``suppress``.
    """
    batch, height, width, classes = logits.shape
    found = _none(device, batch)
    device.launch(
        CENTER_CANDIDATES,
        (height * width, batch, 1),
        *(
            logits,
            highest,
            sides,
            *np.array([height, width, classes, stride], np.int32),
            np.float32(least),
            *found,
        ),
    )
    ranked, own = _ranked(device, found), _none(device, batch)
    owners = device.empty((batch, CAPACITY), np.int32)
    each = min(most, CAPACITY), batch, 1
    of_places = np.array([most, width, classes, stride], np.int32)
    device.launch(CENTER_OWNERS, each, *ranked, *of_places, np.float64(same_top), owners)
    device.launch(CENTER_TOPS, each, *ranked, np.int32(most), owners, *own)
    return _things(device, _ranked(device, own), overlap)


def _none(device: Device, batch: int) -> _Candidates:
    pool = device.empty((batch, CAPACITY, CANDIDATE.itemsize), np.uint8)
    return _Candidates(device.zeros((batch,), np.int32), pool)


def _ranked(device: Device, found: _Candidates) -> _Candidates:
    ranked = device.empty(found.rows.shape, np.uint8)
    device.launch(RANK, (CAPACITY, len(found.counts), 1), *found, ranked)
    return _Candidates(found.counts, ranked)


def _suppressed(device: Device, ranked: _Candidates, overlap: float) -> _Boxes:
    batch = len(ranked.counts)
    masks = device.empty((batch, CAPACITY, WORDS), np.uint64)
    leaders, kept = device.empty((batch, BOXES), np.int32), device.empty((batch,), np.int32)
    device.launch(OVERLAPS, (WORDS, CAPACITY, batch), *ranked, np.float64(overlap), masks)
    device.launch(SWEEP, (batch, 1, 1), ranked.counts, np.int32(batch), masks, leaders, kept)
    return _Boxes(leaders, kept, masks)


def _things(device: Device, ranked: _Candidates, overlap: float) -> Found:
    boxes, batch = _suppressed(device, ranked, overlap), len(ranked.counts)
    out = device.empty((batch, BOXES, CORNERS + 2), np.float32)
    device.launch(THINGS_FOUND, (BOXES, batch, 1), ranked.rows, boxes.leaders, boxes.kept, out)
    return _fetched(device, out, boxes)


def _fetched(device: Device, out: Tensor, boxes: _Boxes) -> Found:
    kept, columns = device.host(boxes.kept), device.host(out)
    rows, places = np.nonzero(np.arange(BOXES) < kept[:, None])
    found = columns[rows, places]
    labels = found[:, -1].astype(np.intp)
    return Found(found[:, :-2], found[:, -2], labels, rows, np.flatnonzero(kept < 0))
