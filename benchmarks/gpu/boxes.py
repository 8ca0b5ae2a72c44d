"""Boxes found by the decoding kernels beside those of the models' own decodes, and how long both take."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.cuda.structs import CAPACITY
from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces.blazeface import FULL_RANGE, BlazeFace
from argusd.scheduler.models.faces.scrfd import Scrfd
from argusd.scheduler.models.objects.centernet import SIZE, STRIDE, CenterNet
from argusd.scheduler.models.objects.coco import COCO
from argusd.scheduler.models.objects.yolov8 import YoloV8
from argusd.scheduler.models.on_device import FindsOnDevice, decode_on

from ..harness import Table
from .parts import Found
from .rig import Rig, seconds

UNIT = Roi(0.5, 0.5, 1.0)
ANCHORS = FULL_RANGE.levels[0].cells ** 2
ROWS = 64  # of a batch that is timed
FAR, TITLE = 1e-5, "decodes, ms a batch"
COLUMNS = ["model", "rows", "boxes compared", "furthest off", "device", "CPU"]

Tensors = list[NDArray[np.float32]]


class Subject(NamedTuple):
    """A detector, and random outputs of its graph for so many rows."""

    model: FindsOnDevice
    tensors: Callable[[np.random.Generator, int], Tensors]


def run(rig: Rig) -> Iterator[Found]:
    """Random maps of each detector, then a row with more than there is room for."""
    for subject in subjects():
        yield compared(rig, subject)
    yield crowded(rig)


def subjects() -> list[Subject]:
    """The detectors that have kernels."""
    return [
        Subject(BlazeFace("blazeface_full_range", FULL_RANGE), faces),
        Subject(Scrfd("scrfd_10g"), scrfd),
        Subject(CenterNet("centernet"), centers),
        Subject(YoloV8("yolov8n"), yolo),
    ]


def compared(rig: Rig, subject: Subject) -> Found:
    """A detector's boxes both ways, and what a batch of them costs."""
    model, rng, offs, boxes = subject.model, np.random.default_rng(7), [0.0], 0
    for trial in range(rig.sizes.trials):
        found, wanted = both(rig, model, subject.tensors(rng, 1 + trial % 4))
        boxes += sum(map(len, wanted))
        offs.append(difference(found, wanted))
    rows = min(ROWS, max(rig.sizes.rows))
    tensors, rois = subject.tensors(rng, rows), [UNIT] * rows
    placed = [rig.device.array(each) for each in tensors]
    there = seconds(rig.device, lambda: decode_on(model, rig.device, placed, rois), rig.sizes.repeats)
    here = seconds(rig.device, lambda: model.decode(tensors, rois), rig.sizes.repeats)
    row: list[str | float] = [model.name, str(rows), str(boxes), max(offs), 1e3 * there, 1e3 * here]
    return Found(
        rig.sizes.trials,
        tables=[Table(TITLE, COLUMNS, [row])],
        failures=[] if max(offs) <= FAR else [f"{model.name} finds other boxes than on the CPU"],
    )


def crowded(rig: Rig) -> Found:
    """A row with a candidate too many is named, and decoded on the host; its neighbours keep their boxes."""
    model, rng = BlazeFace("blazeface_full_range", FULL_RANGE), np.random.default_rng(1)
    numbers, logits = faces(rng, 3)
    logits[:] = -9
    logits[1, rng.permutation(ANCHORS)[: CAPACITY + 1], 0] = 2
    logits[[0, 2], [40, 50], 0] = 2
    named = model.found_on(rig.device, [rig.device.array(each) for each in (numbers, logits)]).too_many
    right = named.tolist() == [1] and difference(*both(rig, model, [numbers, logits])) <= FAR
    return Found(1, failures=[] if right else ["a row with too many candidates is not named, or not alone"])


def both(rig: Rig, model: FindsOnDevice, tensors: Tensors) -> tuple[list[Any], list[Any]]:
    """What is found in each row: on the device, and by the model's own decode."""
    rois = [UNIT] * len(tensors[0])
    placed = [rig.device.array(each) for each in tensors]
    return decode_on(model, rig.device, placed, rois), model.decode(tensors, rois)


def difference(found: Sequence[Sequence[Any]], wanted: Sequence[Sequence[Any]]) -> float:
    """How far the furthest box, point or score is from its own; infinite where they are others."""
    names = [[[getattr(box, "label", "") for box in row] for row in rows] for rows in (found, wanted)]
    if names[0] != names[1]:
        return math.inf
    pairs = zip((box for row in found for box in row), (box for row in wanted for box in row), strict=True)
    return max((float(np.abs(places(ours) - places(theirs)).max()) for ours, theirs in pairs), default=0.0)


def places(box: Any) -> NDArray[np.float64]:
    """Its numbers, of which all are near 0..1."""
    return np.array([*box.box, *np.ravel(getattr(box, "keypoints", [])), box.score])


def faces(rng: np.random.Generator, rows: int) -> Tensors:
    """BlazeFace's numbers and logits: groups of anchors that see a face, with equal logits among them."""
    numbers = (4 * rng.standard_normal((rows, ANCHORS, 16))).astype(np.float32)
    numbers[:, :, 2:4] = rng.uniform(20, 80, (rows, ANCHORS, 2))
    logits = np.full((rows, ANCHORS, 1), -9, np.float32)
    for row in np.repeat(np.arange(rows), 3):
        near = rng.integers(0, ANCHORS - 50) + rng.permutation(50)[: rng.integers(1, 12)]
        logits[row, near, 0] = np.round(rng.uniform(0.5, 4, len(near)), 1)
    return [numbers, logits]


def centers(rng: np.random.Generator, rows: int) -> Tensors:
    """CenterNet's maps: broad peaks with several tops."""
    cells = SIZE // STRIDE
    logits = np.full((rows, cells, cells, len(COCO)), -9, np.float32)
    sides = rng.uniform(20, 80, (rows, cells, cells, 4)).astype(np.float32)
    for row in np.repeat(np.arange(rows), 6):
        line, column, label = rng.integers(0, (cells, cells, 3))
        place = row, slice(line, line + 5), slice(column, column + 5), label
        logits[place] = np.maximum(logits[place], np.round(rng.uniform(-2, 3, logits[place].shape), 1))
    return [logits, logits.max(axis=3), sides]


def yolo(rng: np.random.Generator, rows: int) -> Tensors:
    """YOLOv8's points, some of which see the same thing."""
    output = np.zeros((rows, 4 + len(COCO), 8400), np.float32)
    output[:, :4] = rng.uniform(20, 600, (rows, 4, 8400))
    for row in np.repeat(np.arange(rows), 3):
        group = rng.integers(8380) + np.arange(20)
        output[row, :4, group] = rng.uniform(100, 500, 4) + rng.normal(0, 15, (20, 4))
        output[row, 4 + int(rng.integers(len(COCO))), group] = np.round(rng.uniform(0, 1, 20), 1)
    return [output]


def scrfd(rng: np.random.Generator, rows: int) -> Tensors:
    """SCRFD's scores, sides and points: neighbours that see a face."""
    scores = np.zeros((rows, 16800, 1), np.float32)
    for row in np.repeat(np.arange(rows), 3):
        near = rng.integers(16700) + np.arange(12)
        scores[row, near, 0] = np.round(rng.uniform(0, 1, 12), 1)
    sides = rng.uniform(4, 12, (rows, 16800, 4)).astype(np.float32)
    return [scores, sides, rng.uniform(-4, 4, (rows, 16800, 10)).astype(np.float32)]
