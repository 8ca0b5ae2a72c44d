"""ArcFace's crop, held against InsightFace's own; what its numbers become."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Square, affine
from argusd.scheduler.core import Roi
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.faces.arcface import SIZE, ArcFace
from argusd.scheduler.models.regions import ARCFACE_112, face_region

from ...oracles import oracle

pytestmark = pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")  # InsightFace's


def landmarks(seed: int) -> NDArray[np.float32]:
    """Five points of a face somewhere, turned, up to three times the template's size, a little off it."""
    rng = np.random.default_rng(seed)
    turn, scale = rng.uniform(-0.6, 0.6), rng.uniform(0.8, 3)
    spin = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (ARCFACE_112 - 56) @ spin.T + rng.uniform(200, 300, 2) + rng.normal(0, 2, (5, 2))
    return points.astype(np.float32)


@pytest.mark.parametrize("seed", range(8))
def test_faces_are_aligned_as_insightface_aligns_them(seed: int) -> None:
    """It counts pixels from the middle of the first one, we from its corner."""
    theirs = cv2.invertAffineTransform(
        oracle("insightface.utils.face_align").estimate_norm(landmarks(seed), SIZE)
    )
    ours = affine(Square(*face_region(landmarks(seed).astype(np.float64) + 0.5)), SIZE)
    corners = np.array([[0, 0, 1], [111, 0, 1], [0, 111, 1], [111, 111, 1.0]]).T
    np.testing.assert_allclose(ours @ corners - 0.5, theirs @ corners, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_crop_shows_what_insightfaces_shows(seed: int) -> None:
    """Theirs is bilinear, ours first means over the pixels that one output pixel covers."""
    rng = np.random.default_rng(seed)
    bgr = np.asarray(cv2.resize(rng.integers(0, 256, (30, 30, 3), dtype=np.uint8), (500, 500)), np.uint8)
    theirs = oracle("insightface.utils.face_align").norm_crop(bgr, landmarks(seed), SIZE)
    blob = cv2.dnn.blobFromImage(theirs, 1 / 127.5, (SIZE, SIZE), (127.5,) * 3, swapRB=True)
    region = face_region(landmarks(seed).astype(np.float64) + 0.5)

    (ours,) = ArcFace("n").prepare([StillFrame(bgr)], [region]).values()

    error = np.abs(ours[0] - blob[0].transpose(1, 2, 0))
    assert error.mean() < 1.5 / 127.5
    assert error.max() < 16 / 127.5


def test_outputs_become_unit_vectors_that_say_who_made_them() -> None:
    raw = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    one, none = ArcFace("arcface_r50").decode([raw], [Roi(0, 0, 1)] * 2)
    np.testing.assert_allclose(one.vector, [0.6, 0.8], atol=1e-7)
    assert (one.threshold, one.model) == (ArcFace.threshold, "arcface_r50")
    assert not none.vector.any()
