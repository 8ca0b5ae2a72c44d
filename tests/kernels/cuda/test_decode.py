"""Boxes found by kernels beside the models' own decodes, on a host's threads and on a GPU's."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels.cuda.decode import Found, center_things, faces, scrfd_faces, yolo_things
from argusd.kernels.cuda.device import Device
from argusd.kernels.cuda.structs import BOXES, CAPACITY
from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces import blazeface, scrfd
from argusd.scheduler.models.objects import centernet, yolov8
from argusd.scheduler.models.objects.coco import COCO
from argusd.scheduler.models.outputs import Face, Thing

UNIT = Roi(0.5, 0.5, 1.0)
SHAPE = blazeface.FULL_RANGE
CELLS = SHAPE.levels[0].cells
ANCHORS = CELLS**2
CENTERS = (np.stack(np.meshgrid(np.arange(CELLS), np.arange(CELLS)), axis=2).reshape(-1, 2) + 0.5) / CELLS
LEAST = math.log(SHAPE.min_score / (1 - SHAPE.min_score))
POINTS = 8400

seeds = st.integers(0, 2**32 - 1)
quickly = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def faces_on(device: Device, numbers: NDArray[np.float32], logits: NDArray[np.float32]) -> Found:
    return faces(
        device,
        device.array(numbers),
        device.array(logits),
        device.array(CENTERS),
        size=SHAPE.size,
        least=LEAST,
        overlap=blazeface.OVERLAP,
    )


def placed(found: Found, expected: Sequence[Sequence[Any]]) -> list[Any]:
    """What was expected where there is room for it, box by box; the rows are the same."""
    assert found.too_many.tolist() == [row for row, own in enumerate(expected) if len(own) > BOXES]
    kept = [(row, box) for row, own in enumerate(expected) if len(own) <= BOXES for box in own]
    assert found.rows.tolist() == [row for row, _ in kept]
    return [box for _, box in kept]


def assert_same_faces(found: Found, expected: Sequence[Sequence[Face]], size: int = 1) -> None:
    """``expected`` in 0..1 of the input, of which ``found`` has ``size`` to a side."""
    for values, score, face in zip(found.values, found.scores, placed(found, expected), strict=True):
        np.testing.assert_allclose(values / size, [*face.box, *face.keypoints.ravel()], rtol=1e-6, atol=1e-6)
        assert score == pytest.approx(face.score, rel=1e-6)


def assert_same_things(found: Found, expected: Sequence[Sequence[Thing]], size: int) -> None:
    """As ``assert_same_faces``."""
    things = placed(found, expected)
    assert [COCO[label] for label in found.labels] == [thing.label for thing in things]
    for values, score, thing in zip(found.values, found.scores, things, strict=True):
        np.testing.assert_allclose(values / size, thing.box, rtol=1e-6, atol=1e-6)
        assert score == pytest.approx(thing.score, rel=1e-6)


def near_each_other(rng: np.random.Generator, rows: int, groups: int) -> tuple[NDArray[np.float32], ...]:
    """BlazeFace's numbers and logits: groups of anchors that see a face, with equal logits among them."""
    numbers = (4 * rng.standard_normal((rows, ANCHORS, 16))).astype(np.float32)
    numbers[:, :, 2:4] = rng.uniform(20, 80, (rows, ANCHORS, 2))
    logits = np.full((rows, ANCHORS, 1), -9, np.float32)
    for _ in range(groups):
        near = rng.integers(0, ANCHORS - 50) + rng.permutation(50)[: rng.integers(1, 12)]
        logits[rng.integers(rows), near, 0] = np.round(rng.uniform(0.3, 4, len(near)), 1)
    return numbers, logits


@quickly
@given(seed=seeds, rows=st.integers(1, 5), groups=st.integers(0, 40))
def test_faces_are_blazeface_s(device: Device, seed: int, rows: int, groups: int) -> None:
    numbers, logits = near_each_other(np.random.default_rng(seed), rows, groups)
    found = faces_on(device, numbers, logits)
    assert_same_faces(found, blazeface.BlazeFace("n", SHAPE).decode([numbers, logits], [UNIT] * rows))


def test_every_row_of_a_large_batch_is_decoded(device: Device) -> None:
    numbers, logits = near_each_other(np.random.default_rng(0), rows=80, groups=300)
    found = faces_on(device, numbers, logits)
    assert_same_faces(found, blazeface.BlazeFace("n", SHAPE).decode([numbers, logits], [UNIT] * 80))


def test_an_empty_face_stands_for_itself_and_a_certain_one_is_not_more_than_certain(device: Device) -> None:
    """Boxes without an area overlap nothing, not even themselves; logits beyond exp() are a score of 1."""
    numbers, logits = np.zeros((1, ANCHORS, 16), np.float32), np.full((1, ANCHORS, 1), -1e30, np.float32)
    logits[0, [7, 7 + CELLS], 0] = 1e30, LEAST
    found = faces_on(device, numbers, logits)
    assert_same_faces(found, blazeface.BlazeFace("n", SHAPE).decode([numbers, logits], [UNIT]))
    assert found.scores[0] == 1
    assert len(found.scores) == 2


@pytest.mark.parametrize(
    ("candidates", "apart", "fits"),
    [
        pytest.param(CAPACITY, False, True, id="as many candidates as there is room for"),
        pytest.param(CAPACITY + 1, False, False, id="one candidate more"),
        pytest.param(BOXES, True, True, id="as many faces as there is room for"),
        pytest.param(BOXES + 1, True, False, id="one face more"),
    ],
)
def test_a_row_with_more_than_there_is_room_for_is_named_and_the_others_are_not_touched(
    device: Device, candidates: int, apart: bool, fits: bool
) -> None:
    rng = np.random.default_rng(candidates)
    numbers, logits = near_each_other(rng, 3, 0)
    numbers[:, :, 2:4] = 1e-3 if apart else 100
    logits[1, rng.permutation(ANCHORS)[:candidates], 0] = rng.uniform(1, 4, candidates)
    logits[[0, 2], [40, 50], 0] = 2
    found = faces_on(device, numbers, logits)
    expected = blazeface.BlazeFace("n", SHAPE).decode([numbers, logits], [UNIT] * 3)
    assert found.too_many.tolist() == ([] if fits else [1])
    kept = [(row, face) for row in range(3) if fits or row != 1 for face in expected[row]]
    assert found.rows.tolist() == [row for row, _ in kept]
    np.testing.assert_allclose(found.scores, [face.score for _, face in kept], rtol=1e-6)


def grid_of(stride: int) -> NDArray[np.float64]:
    """SCRFD's anchors: two at each point of a grid, and how wide it is."""
    line = np.arange(scrfd.SIZE // stride) * float(stride)
    points = np.stack(np.meshgrid(line, line, [stride]), axis=-1).reshape(-1, 3)
    return np.repeat(points, scrfd.ANCHORS, axis=0)


@quickly
@given(seed=seeds, rows=st.integers(1, 3), groups=st.integers(0, 20))
def test_faces_are_scrfd_s(device: Device, seed: int, rows: int, groups: int) -> None:
    """Small ones, for which the last pixel counts, and large ones."""
    rng = np.random.default_rng(seed)
    grid = np.concatenate([grid_of(stride) for stride in scrfd.STRIDES])
    scores = np.zeros((rows, len(grid), 1), np.float32)
    distances = rng.uniform(0.2, 4, (rows, len(grid), 4)).astype(np.float32)
    offsets = rng.normal(0, 2, (rows, len(grid), 10)).astype(np.float32)
    for _ in range(groups):
        near = rng.integers(0, len(grid) - 20) + rng.permutation(20)[: rng.integers(1, 12)]
        scores[rng.integers(rows), near, 0] = np.round(rng.uniform(0.3, 1, len(near)), 1)
    tensors = [scores, distances, offsets]
    found = scrfd_faces(
        device,
        device.array(scores),
        device.array(distances),
        device.array(offsets),
        device.array(grid),
        least=scrfd.MIN_SCORE,
        overlap=scrfd.OVERLAP,
    )
    assert_same_faces(found, scrfd.Scrfd("n").decode(tensors, [UNIT] * rows), scrfd.SIZE)


@quickly
@given(seed=seeds, rows=st.integers(1, 3), things=st.integers(0, 10))
def test_things_are_yolov8_s(device: Device, seed: int, rows: int, things: int) -> None:
    rng = np.random.default_rng(seed)
    output = np.zeros((rows, 4 + len(COCO), POINTS), np.float32)
    output[:, :4] = rng.uniform(20, 600, (rows, 4, POINTS))
    for _ in range(things):
        row, first = rng.integers(rows), rng.integers(POINTS - 20)
        group = np.arange(first, first + 20)
        output[row, :4, group] = rng.uniform(100, 500, 4) + rng.normal(0, 15, (20, 4))
        labels = rng.integers(0, len(COCO), 2)
        output[row, 4 + labels[:, None], group] = np.round(rng.uniform(0, 1, (2, 20)), 1)  # ties, too
    found = yolo_things(device, device.array(output), yolov8.MIN_SCORE, yolov8.SAME_THING)
    assert_same_things(found, yolov8.YoloV8("n").decode([output], [UNIT] * rows), yolov8.SIZE)


def test_a_score_that_only_reaches_the_lowest_is_none_and_the_first_of_equal_classes_counts(
    device: Device,
) -> None:
    output = np.zeros((1, 4 + len(COCO), POINTS), np.float32)
    output[0, :4] = 100
    output[0, 4:, 5] = yolov8.MIN_SCORE
    output[0, [4 + 9, 4 + 3], 8] = 0.5
    found = yolo_things(device, device.array(output), yolov8.MIN_SCORE, yolov8.SAME_THING)
    assert (found.labels.tolist(), found.scores.tolist()) == ([3], [0.5])


def centers_on(device: Device, logits: NDArray[np.float32], sides: NDArray[np.float32]) -> Found:
    return center_things(
        device,
        *(device.array(logits), device.array(logits.max(axis=3)), device.array(sides)),
        stride=centernet.STRIDE,
        least=float(centernet.MIN_LOGIT),
        most=centernet.MOST,
        same_top=centernet.SAME_TOP,
        overlap=centernet.SAME_THING,
    )


def decoded_centers(logits: NDArray[np.float32], sides: NDArray[np.float32]) -> list[list[Thing]]:
    return centernet.CenterNet("n").decode([logits, logits.max(axis=3), sides], [UNIT] * len(logits))


@quickly
@given(seed=seeds, rows=st.integers(1, 3), blobs=st.integers(0, 60))
def test_things_are_centernet_s(device: Device, seed: int, rows: int, blobs: int) -> None:
    """Broad peaks with several tops, at the edges, too, and near each other; more than are looked at."""
    rng = np.random.default_rng(seed)
    logits = np.full((rows, 40, 48, len(COCO)), -9, np.float32)
    sides = rng.uniform(20, 80, (rows, 40, 48, 4)).astype(np.float32)
    for _ in range(blobs):
        row, line, column = rng.integers(0, (rows, 40, 48))
        place = row, slice(line, line + 5), slice(column, column + 5), rng.integers(0, 3)
        logits[place] = np.maximum(logits[place], np.round(rng.uniform(-2, 3, logits[place].shape), 1))
    found = centers_on(device, logits, sides)
    assert_same_things(found, decoded_centers(logits, sides), centernet.SIZE)


def test_the_better_of_two_equally_large_tops_owns_both_whichever_lies_first(device: Device) -> None:
    logits = np.full((1, 16, 16, len(COCO)), -9, np.float32)
    sides = np.full((1, 16, 16, 4), 200, np.float32)
    logits[0, 4, 4, 0], logits[0, 4, 8, 0], logits[0, 12, 4, 1] = 1, 2, 1.5
    found = centers_on(device, logits, sides)
    assert_same_things(found, decoded_centers(logits, sides), centernet.SIZE)
    assert found.values[:, 0].tolist() == [8 * 4 - 200, 4 * 4 - 200]


def test_maxima_at_the_edges_count_and_their_neighbours_do_not(device: Device) -> None:
    """What just reaches the lowest logit is one, too."""
    logits = np.full((1, 16, 16, len(COCO)), -9, np.float32)
    sides = np.full((1, 16, 16, 4), 2, np.float32)
    logits[0, [0, 0, 1, 15, 14, 15], [0, 1, 0, 15, 15, 14], 0] = 2, 1, 1, 2, 1, 1
    logits[0, [0, 1, 15, 14], [15, 14, 0, 1], 1] = 1, 2, 1, 2
    logits[0, 8, 8, 2] = centernet.MIN_LOGIT
    logits[0, 8, 8, 3] = np.nextafter(centernet.MIN_LOGIT, np.float32(-9))
    found = centers_on(device, logits, sides)
    assert_same_things(found, decoded_centers(logits, sides), centernet.SIZE)
    assert found.labels.tolist() == [0, 1, 1, 0, 2]


@pytest.mark.parametrize(("maxima", "too_many"), [(CAPACITY, []), (CAPACITY + 1, [0])])
def test_a_map_may_have_as_many_maxima_as_there_is_room_for(
    device: Device, maxima: int, too_many: list[int]
) -> None:
    logits = np.full((1, 40, 60, len(COCO)), -9, np.float32)
    sides = np.full((1, 40, 60, 4), 500, np.float32)
    line, column = np.divmod(np.arange(maxima), 30)
    logits[0, 2 * line, 2 * column, 0] = np.linspace(2, 0, maxima)
    found = centers_on(device, logits, sides)
    assert found.too_many.tolist() == too_many
    if not too_many:
        assert_same_things(found, decoded_centers(logits, sides), centernet.SIZE)


def test_a_flat_map_s_every_place_is_a_maximum_and_too_many(device: Device) -> None:
    logits = np.full((2, 32, 32, len(COCO)), -9, np.float32)
    logits[0, :, :, 0], logits[1, 3, 3, 0] = 1, 1
    found = centers_on(device, logits, np.ones((2, 32, 32, 4), np.float32))
    assert (found.too_many.tolist(), found.rows.tolist()) == ([0], [1])


def test_no_rows_give_none(device: Device) -> None:
    output = device.array(np.zeros((0, 4 + len(COCO), POINTS), np.float32))
    assert len(yolo_things(device, output, 0.3, 0.7).scores) == 0
