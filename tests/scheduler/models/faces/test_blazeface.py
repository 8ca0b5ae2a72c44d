import math
from pathlib import Path

import numpy as np
import pytest

from argusd.scheduler.core import Roi, whole_frame
from argusd.scheduler.models.faces.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, BlazeFaceShape

from ...recordings import Runners, frames
from .. import one_by_one

WHOLE = Roi(320, 180, 640)  # a frame of 640 × 360, letterboxed


def outputs(shape: BlazeFaceShape, rows: int = 1) -> tuple[np.ndarray, np.ndarray]:
    anchors = sum(level.cells**2 * level.repeats for level in shape.levels)
    return np.zeros((rows, anchors, 16), np.float32), np.full((rows, anchors, 1), -100, np.float32)


def test_anchor_counts_are_the_published_ones() -> None:
    assert outputs(SHORT_RANGE)[0].shape[1] == 896
    assert outputs(FULL_RANGE)[0].shape[1] == 2304


def test_an_anchor_becomes_a_face_in_frame_pixels() -> None:
    numbers, logits = outputs(SHORT_RANGE)
    anchor = 2 * (16 * 8 + 4)  # row 8, column 4 of the fine grid: input pixel (36, 68)
    logits[0, anchor] = 2.0
    numbers[0, anchor, :4] = (1, -2, 20, 30)  # centre, from the anchor; then width and height
    numbers[0, anchor, 4:6] = (-5, -6)  # the right eye
    (face,) = BlazeFace("n", SHORT_RANGE).decode([numbers, logits], [WHOLE])[0]
    # Five frame pixels to an input pixel; the frame's first row is input row 28.
    np.testing.assert_allclose(
        face.box, [(37 - 10) * 5, (66 - 15 - 28) * 5, (37 + 10) * 5, (66 + 15 - 28) * 5]
    )
    np.testing.assert_allclose(face.keypoints[0], [(36 - 5) * 5, (68 - 6 - 28) * 5])
    assert face.score == pytest.approx(1 / (1 + np.exp(-2)))


def test_neighbouring_anchors_are_one_face_and_rows_keep_to_themselves() -> None:
    numbers, logits = outputs(FULL_RANGE, rows=2)
    for anchor, logit in ((0, 3.0), (1, 2.0), (2303, 4.0)):
        logits[1, anchor] = logit
        numbers[1, anchor, 2:4] = 40
    nobody, two = BlazeFace("n", FULL_RANGE).decode([numbers, logits], [WHOLE, WHOLE])
    assert nobody == []
    assert [round(face.score, 3) for face in two] == [0.982, 0.953]


@pytest.mark.parametrize("rows", [1, 2, 20])
def test_a_batch_is_decoded_as_one_row_after_the_other(rows: int) -> None:
    rng = np.random.default_rng(rows)
    numbers, logits = outputs(FULL_RANGE, rows)
    numbers[...] = 4 * rng.standard_normal(numbers.shape)
    numbers[:, :, 2:4] = rng.uniform(20, 80, (*numbers.shape[:2], 2))
    for _ in range(3 * rows):
        near = rng.integers(0, 2200) + rng.permutation(50)[: rng.integers(1, 12)]
        logits[rng.integers(0, rows), near, 0] = np.round(rng.uniform(0.3, 4, len(near)), 1)  # ties, too
    rois = [Roi(*rng.uniform((0, 0, 100, -1), (640, 360, 900, 1))) for _ in range(rows)]
    centers = (np.stack(np.meshgrid(np.arange(48), np.arange(48)), axis=2).reshape(-1, 2) + 0.5) / 48
    for row, faces in enumerate(BlazeFace("n", FULL_RANGE).decode([numbers, logits], rois)):
        (anchors,) = np.nonzero(logits[row, :, 0] >= math.log(0.6 / 0.4))
        offsets = numbers[row, anchors].astype(np.float64).reshape(-1, 8, 2) / 192
        middle, half = centers[anchors] + offsets[:, 0], offsets[:, 1] / 2
        points = (centers[anchors, None] + offsets[:, 2:6]).reshape(-1, 8)
        scores = 1 / (1 + np.exp(-logits[row, anchors, 0].astype(np.float64)))
        expected = one_by_one.weighted_nms(np.hstack([middle - half, middle + half, points]), scores, 0.3)
        assert [face.score for face in faces] == pytest.approx([score for _, score in expected])
        for face, (values, _) in zip(faces, expected, strict=True):
            found = np.vstack([np.reshape(face.box, (2, 2)), face.keypoints])
            points = one_by_one.to_frame(values.reshape(-1, 2), rois[row])
            points[:2] = np.sort(points[:2], axis=0)
            np.testing.assert_allclose(found, points, atol=1e-6)


def test_wild_logits_neither_overflow_nor_pass_as_faces() -> None:
    numbers, logits = outputs(SHORT_RANGE)
    logits[...] = -1e30
    assert BlazeFace("n", SHORT_RANGE).decode([numbers, logits], [WHOLE]) == [[]]


@pytest.mark.weights
def test_the_example_runs_and_shows_no_face(runners: Runners) -> None:
    runner = runners("face_detector")
    found = runner.model.decode(runner.run(runner.model.example(3)), [WHOLE] * 3)
    assert found == [[], [], []]


@pytest.mark.weights
def test_key_points_lie_on_the_face(runners: Runners, media: Path) -> None:
    """Read off the picture: right eye, left eye, nose tip, mouth."""
    truth = [(443, 213), (547, 211), (493, 268), (494, 328)]
    _, frame = next(iter(frames(media / "obama.jpg")))
    (face,) = runners("face_detector").look(frame)
    np.testing.assert_allclose(face.keypoints, truth, atol=29)
    assert np.linalg.norm(face.keypoints - truth, axis=1).mean() < 17  # of a face 280 pixels wide


@pytest.mark.weights
def test_the_region_does_not_move_the_face(runners: Runners, media: Path) -> None:
    _, frame = next(iter(frames(media / "two_people.jpg")))
    model, whole = runners("face_detector"), whole_frame(frame.info)
    straight = sorted(model.look(frame, whole), key=lambda face: face.box.left)
    smaller = whole._replace(size=whole.size * 1.3, center_x=whole.center_x + 40)
    moved = sorted(model.look(frame, smaller), key=lambda face: face.box.left)
    for one, other in zip(straight, moved, strict=True):
        np.testing.assert_allclose(one.box, other.box, atol=15)
