import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.core import Roi
from argusd.scheduler.models.objects.centernet import CenterNet, peaks
from argusd.scheduler.models.objects.coco import COCO

from .. import one_by_one

PERSON, PHONE = COCO.index("person"), COCO.index("cell phone")
WHOLE = Roi(320, 180, 640)  # a frame of 640 × 360, letterboxed: 1.25 frame pixels to an input pixel


def maps() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((1, 128, 128, 80), np.float32), np.zeros((1, 128, 128, 4), np.float32)


def given_out(scores: np.ndarray, distances: np.ndarray) -> list[np.ndarray]:
    """What the graph gives for such maps."""
    logits = logits_of(scores)
    return [logits, logits.max(axis=3), distances]


def logits_of(scores: np.ndarray) -> np.ndarray:
    odds = np.clip(scores, 1e-6, 1 - 1e-6, dtype=np.float64)
    return np.asarray(np.log(odds / (1 - odds)), np.float32)


def test_a_peak_becomes_a_box_in_frame_pixels() -> None:
    scores, distances = maps()
    scores[0, 64, 32, PERSON] = 0.9  # input pixel (128, 256)
    distances[0, 64, 32] = (40, 20, 80, 60)  # left, up, right, down
    (thing,) = CenterNet("n").decode(given_out(scores, distances), [WHOLE])[0]
    assert (thing.label, round(thing.score, 3)) == ("person", 0.9)
    # Input y 256 is the frame's middle (180): 1.25 × (256 − 20) − 140 = 155.
    np.testing.assert_allclose(thing.box, [110.0, 155.0, 260.0, 255.0], atol=1e-6)


def test_classes_do_not_hide_each_other_but_two_tops_of_one_thing_do() -> None:
    scores, distances = maps()
    distances[...] = 100
    scores[0, 60, 60, PERSON] = 0.8
    scores[0, 60, 61, PERSON] = 0.7  # a neighbour is no peak of its own
    scores[0, 64, 60, PERSON] = 0.6  # a peak, but the same box moved by 16 of 200 input pixels
    scores[0, 60, 60, PHONE] = 0.5
    scores[0, 10, 100, PERSON] = 0.4
    scores[0, 100, 10, PERSON] = 0.19  # below the lowest score
    found = [
        (thing.label, round(thing.score, 1))
        for thing in CenterNet("n").decode(given_out(scores, distances), [WHOLE])[0]
    ]
    assert found == [("person", 0.8), ("cell phone", 0.5), ("person", 0.4)]


def test_two_tops_of_a_broad_peak_are_one_thing_with_the_larger_box() -> None:
    """Large things have broad peaks; the box at the higher top may be that of a tie."""
    scores, distances = maps()
    scores[0, 64, 97, PERSON], distances[0, 64, 97] = 0.8, (13, 35, 19, 45)
    scores[0, 63, 95, PERSON], distances[0, 63, 95] = 0.7, (99, 138, 115, 160)
    scores[0, 63, 95, PHONE] = 0.6  # of another class: its own thing
    scores[0, 63, 110, PERSON], distances[0, 63, 110] = 0.5, (13, 35, 19, 45)  # off the middle: a child
    found = CenterNet("n").decode(given_out(scores, distances), [WHOLE])[0]
    told = [(thing.label, round(thing.score, 1), round(thing.box.right - thing.box.left)) for thing in found]
    assert told == [("person", 0.8, 268), ("cell phone", 0.6, 268), ("person", 0.5, 40)]


def test_rows_of_a_batch_keep_to_themselves() -> None:
    scores, distances = (np.repeat(tensor, 3, axis=0) for tensor in maps())
    scores[1, 5, 5, PHONE] = 0.5
    found = CenterNet("n").decode(given_out(scores, distances), [WHOLE] * 3)
    assert [[thing.label for thing in row] for row in found] == [[], ["cell phone"], []]


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.9))
def test_peaks_are_the_local_maxima(seed: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    scores = np.where(rng.random((2, 9, 11, 2)) > level, rng.random((2, 9, 11, 2)), 0)
    padded = np.pad(scores, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = {
        (row, line, column, label)
        for row, line, column, label in np.ndindex(*scores.shape)
        if scores[row, line, column, label] >= 0.2
        and scores[row, line, column, label] == padded[row, line : line + 3, column : column + 3, label].max()
    }
    logits = logits_of(scores)
    found = peaks(logits, logits.max(axis=3))
    assert set(zip(*(column.tolist() for column in found), strict=True)) == expected
    order = np.lexsort((-scores[found], found[0]))
    np.testing.assert_array_equal(order, np.arange(len(order)), "row by row, highest first")


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_a_batch_is_decoded_as_one_row_after_the_other(rows: int) -> None:
    """Broad peaks with several tops, near each other, of few classes."""
    rng = np.random.default_rng(rows)
    scores = np.zeros((rows, 128, 128, 80), np.float32)
    sides = rng.uniform(0, 150, (rows, 128, 128, 4)).astype(np.float32)
    for _ in range(30 * rows):
        row, line, column = rng.integers(0, (rows, 120, 120))
        place = row, slice(line, line + 5), slice(column, column + 5), rng.integers(0, 3)
        scores[place] = np.maximum(scores[place], np.round(rng.uniform(0.2, 0.9, (5, 5)), 1))  # ties, too
    rois = [Roi(*rng.uniform((0, 0, 100), (640, 360, 900))) for _ in range(rows)]
    decoded = CenterNet("n").decode(given_out(scores, sides), rois)
    for things, *row in zip(decoded, scores, sides, rois, strict=True):
        expected = one_by_one.things(*row)
        assert [thing.label for thing in things] == [name for name, _, _ in expected]
        for thing, (_, score, box) in zip(things, expected, strict=True):
            assert thing.score == pytest.approx(score, abs=1e-6)
            np.testing.assert_allclose(thing.box, box, rtol=1e-6, atol=1e-3)
