"""FaceRes: what its embedding depends on, and what it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import Roi
from argusd.scheduler.models.faces.faceres import SIZE, FaceRes

from ...recordings import Runners, from_bgr

pytestmark = pytest.mark.weights

FACE = Roi(594, 354, 369, 0.17)  # where biden.jpg's only face is, aligned


@pytest.fixture
def pixels(media: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)


def embedded(runners: Runners, pixels: NDArray[np.uint8], roi: Roi) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = runners("face_embedder").look(from_bgr(pixels), roi).vector
    return vector


def test_it_is_a_unit_vector(runners: Runners, pixels: NDArray[np.uint8]) -> None:
    vector = embedded(runners, pixels, FACE)
    assert vector.shape == (1024,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_face_and_its_mirror_image_are_one(runners: Runners, pixels: NDArray[np.uint8]) -> None:
    mirrored = FACE._replace(center_x=pixels.shape[1] - FACE.center_x, angle=-FACE.angle)
    one = embedded(runners, pixels, FACE)
    other = embedded(runners, np.ascontiguousarray(pixels[:, ::-1]), mirrored)
    assert float(one @ other) > 0.999


def test_company_in_a_batch_changes_nothing(runners: Runners, pixels: NDArray[np.uint8]) -> None:
    runner, frame = runners("face_embedder"), from_bgr(pixels)
    elsewhere = Roi(200, 900, 300)
    rois = [elsewhere, FACE, elsewhere]
    together = runner.model.decode(runner.run(runner.model.prepare([frame] * 3, rois)), rois)
    np.testing.assert_allclose(together[1].vector, embedded(runners, pixels, FACE), atol=1e-5)
    assert float(together[0].vector @ together[1].vector) < FaceRes.threshold


def test_each_crop_is_followed_by_its_mirror_image(pixels: NDArray[np.uint8]) -> None:
    (crops,) = FaceRes("faceres").prepare([from_bgr(pixels)], [FACE]).values()
    assert crops.shape == (2, SIZE, SIZE, 3)
    np.testing.assert_array_equal(crops[1], crops[0, :, ::-1])


def test_colours_are_as_its_author_feeds_it(pixels: NDArray[np.uint8]) -> None:
    """Blue first, the mean of ImageNet's pictures taken away."""
    blue = np.zeros_like(pixels)
    blue[..., 0] = 255
    (crops,) = FaceRes("faceres").prepare([from_bgr(blue)], [FACE]).values()
    np.testing.assert_allclose(crops[0, 112, 112], [255 - 103.939, -116.779, -123.68], atol=4)
    assert crops.dtype == np.float32


@pytest.mark.parametrize(
    ("seen", "good"),
    [
        pytest.param(lambda pixels: pixels, True, id="as it is"),
        pytest.param(lambda pixels: cv2.resize(pixels, None, fx=0.3, fy=0.3), True, id="far away"),
        pytest.param(lambda pixels: cv2.resize(pixels, None, fx=0.04, fy=0.04), False, id="fifteen pixels"),
        pytest.param(lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 16), False, id="blurred"),
        pytest.param(lambda pixels: np.uint8(pixels * 0.03), False, id="in the dark"),
    ],
)
def test_quality_tells_whether_the_person_would_be_known(
    runners: Runners, pixels: NDArray[np.uint8], seen: Callable[[Any], Any], good: bool
) -> None:
    shown = np.asarray(seen(pixels), np.uint8)
    scale = shown.shape[0] / pixels.shape[0]
    roi = Roi(FACE.center_x * scale, FACE.center_y * scale, FACE.size * scale, FACE.angle)
    quality = runners("face_embedder").look(from_bgr(shown), roi).quality
    assert (quality > 0.9) if good else (quality < 0.5)
