"""YOLOv8's letterbox and decoding, held against ultralytics' own on the same pictures and tensors."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Roi, whole_frame
from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.objects.coco import COCO
from argusd.scheduler.models.objects.yolov8 import MIN_SCORE, SIZE, YoloV8

from ...oracles import oracle

WHOLE = Roi(SIZE / 2, SIZE / 2, SIZE)
POINTS = 8400


def candidates(seed: int, things: int) -> NDArray[np.float32]:
    """A random output ``[1, 84, 8400]``: groups of candidates that overlap, of a few classes."""
    rng = np.random.default_rng(seed)
    output = np.zeros((1, 84, POINTS), np.float32)
    output[0, :4] = rng.uniform(20, 600, (4, POINTS))
    for first in rng.integers(0, POINTS - 30, things):
        group = slice(first, first + 30)
        output[0, :4, group] = rng.uniform(100, 500, (4, 1)) + rng.normal(0, 15, (4, 30))
        output[0, 4 + rng.integers(0, 80, 2)[:, None], np.arange(first, first + 30)] = rng.uniform(
            0, 1, (2, 30)
        )
    return output


@pytest.mark.parametrize("seed", range(5))
def test_things_are_ultralytics(seed: int) -> None:
    torch, nms = oracle("torch"), oracle("ultralytics.utils.nms")
    output = candidates(seed, things=40)
    # It keeps classes apart by moving their boxes far away, where float32 knows a sixteenth of a pixel: an
    # overlap of just 0.7 could come out on the other side.
    exact = torch.from_numpy(output.astype(np.float64))
    (expected,) = nms.non_max_suppression(exact, MIN_SCORE, 0.7)

    things = YoloV8("n").decode([output], [WHOLE])[0]

    assert len(things) == len(expected) > 40
    np.testing.assert_allclose([thing.box for thing in things], expected[:, :4], atol=1e-3)
    np.testing.assert_allclose([thing.score for thing in things], expected[:, 4], atol=1e-6)
    assert [thing.label for thing in things] == [COCO[int(label)] for label in expected[:, 5]]


def test_no_more_things_than_ultralytics_gives() -> None:
    output = np.zeros((1, 84, POINTS), np.float32)
    output[0, :2], output[0, 2:4], output[0, 4] = np.indices((70, 120)).reshape(2, -1) * 5, 4, 0.9
    assert len(YoloV8("n").decode([output], [WHOLE])[0]) == 300


def test_rows_keep_to_themselves_and_lie_in_their_own_frames() -> None:
    output = np.repeat(candidates(1, things=1), 3, axis=0)
    output[1] = 0
    left, none, right = YoloV8("n").decode([output], [WHOLE, WHOLE, Roi(500, 400, 2 * SIZE)])
    assert none == []
    moved = np.array([thing.box for thing in left]) * 2 + [500 - SIZE, 400 - SIZE] * 2
    np.testing.assert_allclose([thing.box for thing in right], moved, atol=1e-6)


@pytest.mark.parametrize("size", [(640, 360), (300, 600), (1280, 720), (641, 479)])
def test_the_letterbox_is_ultralytics(size: tuple[int, int]) -> None:
    """Where a picture is made smaller, theirs is bilinear, ours first means over whole blocks."""
    rng = np.random.default_rng(0)
    bgr = np.asarray(cv2.resize(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8), size), np.uint8)
    letterbox: Any = oracle("ultralytics.data.augment").LetterBox((SIZE, SIZE), auto=False)
    theirs = letterbox(image=bgr)[..., ::-1] / 255
    frame = StillFrame(bgr)

    (ours,) = YoloV8("n").prepare([frame], [whole_frame(frame.info)]).values()

    error = np.abs(ours[0] - theirs)
    assert error.mean() < 1 / 255
    assert np.quantile(error, 0.99) < 6 / 255  # the rest is the picture's edge, which theirs moves to a pixel
    np.testing.assert_allclose(ours[0, 0, 0], 114 / 255, atol=1e-6)


def test_a_network_of_other_classes_has_them_named() -> None:
    output = np.zeros((1, 6, POINTS), np.float32)
    output[0, :, 0] = 320, 320, 100, 100, 0.1, 0.8
    things = YoloV8("rooms", ["person", "earphone"]).decode([output], [WHOLE])[0]
    assert [thing.label for thing in things] == ["earphone"]
    with pytest.raises(InferenceFailed, match="tells 2 classes apart, its manifest names 80"):
        YoloV8("rooms").decode([output], [WHOLE])
