"""FaceNet's crop, held against facenet-pytorch's, which cuts MTCNN's box out and squeezes it."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Roi
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.faces.facenet import BOX, SIZE, FaceNet, mtcnn_region
from argusd.scheduler.models.pixels import to_frames

from ...oracles import oracle

ALIGNED = Roi(250, 260, 180)


@pytest.fixture
def bgr() -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return np.asarray(cv2.resize(rng.integers(0, 256, (25, 25, 3), dtype=np.uint8), (500, 500)), np.uint8)


def test_the_crop_is_facenet_pytorchs_of_the_same_box(bgr: NDArray[np.uint8]) -> None:
    torch = oracle("torch")
    reference = oracle("facenet_pytorch.models.utils.detect_face")
    corners = to_frames(np.array(BOX).reshape(1, 2, 2), [ALIGNED]).ravel()
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    cut = reference.extract_face(rgb, corners, image_size=SIZE)
    theirs = oracle("facenet_pytorch").fixed_image_standardization(cut.to(torch.float32))

    (ours,) = FaceNet("n").prepare([StillFrame(bgr)], [ALIGNED]).values()

    assert ours.shape == (1, SIZE, SIZE, 3)
    error = np.abs(ours[0] - theirs.permute(1, 2, 0).numpy())
    assert error.mean() < 4 / 128  # they cut at whole pixels


def test_the_box_turns_with_the_face() -> None:
    upright, turned = mtcnn_region(ALIGNED), mtcnn_region(ALIGNED._replace(angle=np.pi / 2))
    assert turned.size == upright.size
    assert turned.angle == pytest.approx(np.pi / 2)
    # What was below the middle of the crop is now to the left of it.
    assert upright.center_y - ALIGNED.center_y == pytest.approx(ALIGNED.center_x - turned.center_x)


def test_outputs_become_unit_vectors() -> None:
    (one,) = FaceNet("facenet_vggface2").decode([np.array([[3.0, -4.0]], np.float32)], [ALIGNED])
    np.testing.assert_allclose(one.vector, [0.6, -0.8], atol=1e-7)
    assert (one.threshold, one.model) == (FaceNet.threshold, "facenet_vggface2")
