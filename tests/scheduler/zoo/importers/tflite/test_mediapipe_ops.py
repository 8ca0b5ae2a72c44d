"""Each operator against the same formula, written point by point in float64."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from flatbuffers import flexbuffers

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.graph import GraphBuilder
from argusd.scheduler.zoo.importers.tflite import mediapipe_ops
from argusd.scheduler.zoo.importers.tflite.mediapipe_ops import LandmarkCrop

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]
OPTIONS = {
    "subset_idxs": [0, 1, 2, 5],
    "left_rotation_idx": 3,
    "right_rotation_idx": 4,
    "target_rotation_radians": 0.3,
    "output_height": 8,
    "output_width": 16,
    "scale_x": 1.5,
    "scale_y": 1.25,
}


def matrix(landmarks: Tensor, crop: LandmarkCrop) -> Tensor:
    """Shift to the middle of the rotated box, rotate back, scale, shift by half the crop."""
    line = landmarks[crop.right_rotation_idx] - landmarks[crop.left_rotation_idx]
    angle = crop.target_rotation_radians - math.atan2(line[1], line[0])
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = landmarks[crop.subset_idxs, :2] @ rotation.T
    low, high = turned.min(0), turned.max(0)
    scale = np.diag((high - low) * [crop.scale_x, crop.scale_y] / [crop.output_width, crop.output_height])
    result = np.eye(4)
    result[:2, :2] = rotation.T @ scale
    result[:2, 3] = rotation.T @ (low + high) / 2 - result[:2, :2] @ [
        crop.output_width / 2,
        crop.output_height / 2,
    ]
    return result


def sample(image: Tensor, transform: Tensor, height: int, width: int) -> Tensor:
    """Blend the four pixels around each transformed pixel centre; outside the image is zero."""
    result = np.zeros((height, width, image.shape[2]))
    for row, column in np.ndindex(height, width):
        x, y = transform[:2] @ [column + 0.5, row + 0.5, 0, 1] - 0.5
        if 0 <= x <= image.shape[1] - 1 and 0 <= y <= image.shape[0] - 1:
            left, top = min(int(x), image.shape[1] - 2), min(int(y), image.shape[0] - 2)
            right, bottom = x - left, y - top
            upper = (1 - right) * image[top, left] + right * image[top, left + 1]
            lower = (1 - right) * image[top + 1, left] + right * image[top + 1, left + 1]
            result[row, column] = (1 - bottom) * upper + bottom * lower
    return result


def test_options_are_read_from_the_flexbuffer() -> None:
    crop = mediapipe_ops.read_crop(bytes(flexbuffers.Dumps(OPTIONS)))

    assert crop == LandmarkCrop(**OPTIONS)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{**OPTIONS, "scale_x": "wide"}, {"subset_idxs": [1]}, [1, 2]])
def test_options_that_lack_a_field_are_refused(options: object) -> None:
    with pytest.raises(ImportFailedError, match="Landmarks2TransformMatrix"):
        mediapipe_ops.read_crop(bytes(flexbuffers.Dumps(options)))


def test_the_matrix_encloses_the_landmarks_of_every_item(run: Runner) -> None:
    crop = LandmarkCrop(**OPTIONS)  # type: ignore[arg-type]
    landmarks = np.random.default_rng(2).normal(size=(5, 6, 3)).astype(np.float32) * 40
    g = GraphBuilder()
    value = mediapipe_ops.landmarks_to_transform_matrix(g, g.input("landmarks", (6, 3)), crop)

    found = run(g.finish({"matrix": value}), {"landmarks": landmarks})["matrix"]

    np.testing.assert_allclose(found, [matrix(item, crop) for item in landmarks.astype(float)], atol=1e-4)


def test_a_line_without_direction_is_not_turned(run: Runner) -> None:
    crop = LandmarkCrop(**OPTIONS)  # type: ignore[arg-type]
    landmarks = np.random.default_rng(3).normal(size=(1, 6, 3)).astype(np.float32)
    landmarks[0, crop.left_rotation_idx] = landmarks[0, crop.right_rotation_idx]
    g = GraphBuilder()
    value = mediapipe_ops.landmarks_to_transform_matrix(g, g.input("landmarks", (6, 3)), crop)

    found = run(g.finish({"matrix": value}), {"landmarks": landmarks})["matrix"]

    np.testing.assert_allclose(found[0], matrix(landmarks[0].astype(float), crop), atol=1e-5)


def test_a_crop_is_sampled_from_every_image_through_its_own_matrix(run: Runner) -> None:
    rng = np.random.default_rng(4)
    images = rng.random((4, 7, 9, 2), dtype=np.float32)
    transforms = np.tile(np.eye(4, dtype=np.float32), (4, 1, 1))
    # Inside; over the edges; half outside; wholly outside.
    transforms[:, :2, :2] = rng.normal(size=(4, 2, 2)) * 0.3 + np.eye(2)
    transforms[:, :2, 3] = [(1.3, 1.4), (-1.2, 2.1), (5.5, 0.2), (40, 40)]
    g = GraphBuilder()
    image, transform = g.input("image", (7, 9, 2)), g.input("matrix", (4, 4))
    value = mediapipe_ops.transform_tensor_bilinear(g, image, transform, (5, 6))

    found = run(g.finish({"crop": value}), {"image": images, "matrix": transforms})["crop"]

    expected = [sample(image, transform, 5, 6) for image, transform in zip(images, transforms, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found[0].any()
    assert not found[3].any()


def test_landmarks_move_through_their_items_matrix(run: Runner) -> None:
    rng = np.random.default_rng(5)
    landmarks = rng.normal(size=(3, 7, 2)).astype(np.float32)
    transforms = rng.normal(size=(3, 4, 4)).astype(np.float32)
    g = GraphBuilder()
    value = mediapipe_ops.transform_landmarks(g, g.input("landmarks", (7, 2)), g.input("matrix", (4, 4)))

    found = run(g.finish({"moved": value}), {"landmarks": landmarks, "matrix": transforms})["moved"]

    expected = np.einsum("bij,bnj->bni", transforms[:, :2, :2], landmarks) + transforms[:, None, :2, 3]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_landmarks_of_three_dimensions_are_not_supported() -> None:
    g = GraphBuilder()

    with pytest.raises(ImportFailedError, match="3 dimensions"):
        mediapipe_ops.transform_landmarks(g, g.input("landmarks", (7, 3)), g.input("matrix", (4, 4)))
