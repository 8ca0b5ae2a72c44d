"""SCRFD's decoding, held against InsightFace's own on the same tensors."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Roi, whole_frame
from argusd.scheduler.models.faces.scrfd import ANCHORS, SIZE, STRIDES, Scrfd

from ...oracles import oracle
from ...recordings import from_bgr

WHOLE = Roi(SIZE / 2, SIZE / 2, SIZE)
COUNTS = [ANCHORS * (SIZE // stride) ** 2 for stride in STRIDES]
Tensors = list[NDArray[np.float32]]


class StandIn:
    """An ONNX Runtime session that gives the tensors it was made with."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors

    def get_inputs(self) -> list[Any]:
        return [type("Input", (), {"name": "input.1", "shape": [1, 3, "?", "?"], "type": "tensor(float)"})]

    def get_outputs(self) -> list[Any]:
        return [
            type("Output", (), {"name": str(n), "shape": list(tensor.shape)})
            for n, tensor in enumerate(self.tensors)
        ]

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]

    def run(self, _names: object, _feeds: object) -> Tensors:
        return self.tensors


def outputs(seed: int, faces: int) -> Tensors:
    """Random scores, distances and points ``[1, 16800, ·]``: clusters of candidates that overlap."""
    rng = np.random.default_rng(seed)
    scores = np.zeros((1, sum(COUNTS), 1), np.float32)
    for middle in rng.integers(0, sum(COUNTS) - 40, faces):
        scores[0, middle : middle + 40, 0] = rng.uniform(0.3, 1.0, 40)
    distances = rng.uniform(0.5, 6, (1, sum(COUNTS), 4)).astype(np.float32)
    return [scores, distances, rng.normal(0, 3, (1, sum(COUNTS), 10)).astype(np.float32)]


def as_published(tensors: Tensors) -> Tensors:
    """The nine tensors of one image."""
    edges = np.cumsum(COUNTS)[:-1]
    return [part for tensor in tensors for part in np.split(tensor[0], edges)]


@pytest.mark.parametrize("seed", range(5))
def test_boxes_points_and_scores_are_insightfaces(seed: int) -> None:
    scrfd = oracle("insightface.model_zoo.scrfd")
    tensors = outputs(seed, faces=12)
    reference = scrfd.SCRFD(session=StandIn(as_published(tensors)))
    reference.prepare(0, input_size=(SIZE, SIZE), det_thresh=0.5, nms_thresh=0.4)
    boxes, points = reference.detect(np.zeros((SIZE, SIZE, 3), np.uint8))

    faces = Scrfd("n").decode(tensors, [WHOLE])[0]

    assert len(faces) == len(boxes) > 20
    np.testing.assert_allclose([face.box for face in faces], boxes[:, :4], atol=1e-3)
    np.testing.assert_allclose([face.score for face in faces], boxes[:, 4], atol=1e-6)
    np.testing.assert_allclose([face.keypoints for face in faces], points, atol=1e-3)


def test_rows_keep_to_themselves_and_lie_in_their_own_frames() -> None:
    tensors = [np.repeat(tensor, 3, axis=0) for tensor in outputs(1, faces=1)]
    tensors[0][1] = 0
    left, none, right = Scrfd("n").decode(tensors, [WHOLE, WHOLE, Roi(500, 400, 2 * SIZE)])
    assert none == []
    moved = np.array([face.box for face in left]) * 2 + [500 - SIZE, 400 - SIZE] * 2
    np.testing.assert_allclose([face.box for face in right], moved, atol=1e-6)


def test_the_input_is_insightfaces_but_for_the_place_of_the_letterbox() -> None:
    """Ours is in the middle, theirs at the top left; colours, scale and range agree to a few levels."""
    bgr = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8), (0, 0), 4
    )
    frame = from_bgr(np.asarray(bgr, np.uint8))
    (ours,) = Scrfd("n").prepare([frame], [whole_frame(frame.info)]).values()
    theirs = cv2.dnn.blobFromImage(bgr, 1 / 128, (640, 360), (127.5,) * 3, swapRB=True)[0].transpose(1, 2, 0)
    assert np.abs(ours[0, 140:500] - theirs).mean() < 2 / 128  # half of it is what I420 costs
    np.testing.assert_allclose(ours[0, :139], -127.5 / 128, atol=1e-6)
