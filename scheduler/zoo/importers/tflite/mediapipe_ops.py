"""MediaPipe's three custom operators, which let FaceMesh look closer at lips and eyes.

From the coarse mesh each region's rotated box becomes a matrix, the matrix samples a crop of an early
feature map, and the landmarks found in the crop go back through the matrix. Their meaning follows version 2
of the kernels in ``mediapipe/util/tflite/operations`` (Apache-2.0); model card "MediaPipe Attention Mesh",
arXiv:2006.10962. All matrices are ``[batch, 4, 4]`` and act on column vectors ``(x, y, 0, 1)``; angles are
in radians.
"""

import math

import msgspec
import numpy as np
from flatbuffers import flexbuffers

from ...errors import ImportFailedError
from ..graph import GraphBuilder, Value
from ..layers import Pair


class LandmarkCrop(msgspec.Struct, frozen=True):
    """Options of Landmarks2TransformMatrix: which landmarks the crop encloses, and its size in pixels."""

    subset_idxs: list[int]
    left_rotation_idx: int
    right_rotation_idx: int
    target_rotation_radians: float
    output_height: int
    output_width: int
    scale_x: float
    scale_y: float


def read_crop(custom_options: bytes) -> LandmarkCrop:
    """Decode the operator's FlexBuffer options.

    :raises ImportFailedError: when a field is missing or of another type.
    """
    try:
        return msgspec.convert(flexbuffers.Loads(custom_options), LandmarkCrop)
    except msgspec.ValidationError as error:
        raise ImportFailedError(f"Landmarks2TransformMatrix options: {error}") from error


def landmarks_to_transform_matrix(g: GraphBuilder, landmarks: Value, crop: LandmarkCrop) -> Value:
    """Return the matrix from crop pixels to landmark space, for a box around some of ``[N, 3]`` landmarks."""
    cosine, sine = _rotation(g, landmarks, crop)
    points = g.node("Gather", [landmarks.name, g.constant(crop.subset_idxs, np.int64)], axis=1)
    x, y = _column(g, points, 0), _column(g, points, 1)
    left, right = _extent(g, _sub(g, _mul(g, x, cosine), _mul(g, y, sine)))
    top, bottom = _extent(g, _add(g, _mul(g, x, sine), _mul(g, y, cosine)))
    centre_x, centre_y = (
        _mul(g, _add(g, low, high), g.constant(0.5)) for low, high in ((left, right), (top, bottom))
    )
    scale_x = _mul(g, _sub(g, right, left), g.constant(crop.scale_x / crop.output_width))
    scale_y = _mul(g, _sub(g, bottom, top), g.constant(crop.scale_y / crop.output_height))
    # Shift to the box's centre, rotate back, scale, and shift by half the crop, multiplied out.
    xx, xy = _mul(g, cosine, scale_x), _mul(g, sine, scale_y)
    yx, yy = g.node("Neg", [_mul(g, sine, scale_x)]), _mul(g, cosine, scale_y)
    half_x, half_y = g.constant(crop.output_width / 2), g.constant(crop.output_height / 2)
    shift_x = _sub(
        g,
        _add(g, _mul(g, centre_x, cosine), _mul(g, centre_y, sine)),
        _add(g, _mul(g, xx, half_x), _mul(g, xy, half_y)),
    )
    shift_y = _sub(
        g,
        _sub(g, _mul(g, centre_y, cosine), _mul(g, centre_x, sine)),
        _add(g, _mul(g, yx, half_x), _mul(g, yy, half_y)),
    )
    zero = _mul(g, cosine, g.constant(0.0))
    one = _add(g, zero, g.constant(1.0))
    rows = [xx, xy, zero, shift_x, yx, yy, zero, shift_y, zero, zero, one, zero, zero, zero, zero, one]
    flat = g.node("Concat", rows, axis=1)
    return Value(g.node("Reshape", [flat, g.constant([-1, 4, 4], np.int64)]), (4, 4))


def transform_tensor_bilinear(g: GraphBuilder, image: Value, matrix: Value, size: Pair) -> Value:
    """Sample ``image`` at the transformed pixel centres of a crop of ``size``; outside it is zero."""
    height, width, channels = image.shape
    # Pixel centres, then back to indices; the third row of the grid multiplies the shift column.
    rows, columns = np.mgrid[: size[0], : size[1]].reshape(2, -1) + 0.5
    centres = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)])
    indices = _sub(g, g.node("MatMul", [_first_two_rows(g, matrix), g.constant(centres)]), g.constant(0.5))
    # GridSample wants -1 at the first index of an axis and 1 at the last.
    last = np.array([[width - 1], [height - 1]])
    relative = _sub(g, _mul(g, indices, g.constant(2.0 / last)), g.constant(1.0))
    # MediaPipe drops a sample whose centre is outside, where GridSample would blend it with zeros.
    outside = g.node("Greater", [g.node("Abs", [relative]), g.constant(1.0)])
    relative = g.node("Where", [outside, g.constant(_FAR_OUTSIDE), relative])
    grid = g.node("Transpose", [relative], perm=[0, 2, 1])
    grid = g.node("Reshape", [grid, g.constant([-1, *size, 2], np.int64)])
    name = g.node(
        "GridSample", [g.channels_first(image), grid], mode="bilinear", padding_mode="zeros", align_corners=1
    )
    return Value(name, (*size, channels), channels_first=True)


def transform_landmarks(g: GraphBuilder, landmarks: Value, matrix: Value) -> Value:
    """Move ``[N, 2]`` landmarks through ``matrix``."""
    count, dimensions = landmarks.shape
    if dimensions != 2:
        raise ImportFailedError(f"TransformLandmarks of {dimensions} dimensions is not supported")
    rows = _first_two_rows(g, matrix)
    linear = g.node("Transpose", [_columns(g, rows, 0, 2)], perm=[0, 2, 1])
    shift = g.node("Transpose", [_columns(g, rows, 3, 4)], perm=[0, 2, 1])
    return Value(_add(g, g.node("MatMul", [landmarks.name, linear]), shift), (count, dimensions))


_FAR_OUTSIDE = -3.0


def _rotation(g: GraphBuilder, landmarks: Value, crop: LandmarkCrop) -> tuple[str, str]:
    """Return cosine and sine, each ``[batch, 1]``, of the angle that turns the eye (or mouth) line to its
    target.

    ONNX has no two-argument arctangent; the line's own direction gives its cosine and sine.
    """
    ends = [crop.left_rotation_idx, crop.right_rotation_idx]
    line = g.node("Gather", [landmarks.name, g.constant(ends, np.int64)], axis=1)
    x, y = (_sub(g, _item(g, coordinate, 1), _item(g, coordinate, 0)) for coordinate in _both(g, line))
    length = g.node("Sqrt", [_add(g, _mul(g, x, x), _mul(g, y, y))])
    # Ends that coincide have no direction; atan2(0, 0) is 0, which is cosine 1 and sine 0.
    empty = g.node("Equal", [length, g.constant(0.0)])
    length = g.node("Where", [empty, g.constant(1.0), length])
    x = g.node("Where", [empty, g.constant(1.0), x])
    line_cosine, line_sine = g.node("Div", [x, length]), g.node("Div", [y, length])
    target_cosine = g.constant(math.cos(crop.target_rotation_radians))
    target_sine = g.constant(math.sin(crop.target_rotation_radians))
    cosine = _add(g, _mul(g, target_cosine, line_cosine), _mul(g, target_sine, line_sine))
    sine = _sub(g, _mul(g, target_sine, line_cosine), _mul(g, target_cosine, line_sine))
    return cosine, sine


def _both(g: GraphBuilder, points: str) -> tuple[str, str]:
    return _column(g, points, 0), _column(g, points, 1)


def _column(g: GraphBuilder, points: str, index: int) -> str:
    """Return coordinate ``index`` of ``[batch, N, 3]`` points as ``[batch, N]``."""
    return g.node("Gather", [points, g.constant(index, np.int64)], axis=2)


def _item(g: GraphBuilder, column: str, index: int) -> str:
    """Return item ``index`` of ``[batch, N]`` as ``[batch, 1]``."""
    return g.node("Gather", [column, g.constant([index], np.int64)], axis=1)


def _extent(g: GraphBuilder, column: str) -> tuple[str, str]:
    """Return the least and the greatest item of ``[batch, N]``, each ``[batch, 1]``."""
    least, greatest = (g.node(f"Reduce{which}", [column], axes=[1], keepdims=1) for which in ("Min", "Max"))
    return least, greatest


def _first_two_rows(g: GraphBuilder, matrix: Value) -> str:
    return g.node("Slice", [matrix.name, *(g.constant([bound], np.int64) for bound in (0, 2, 1))])


def _columns(g: GraphBuilder, rows: str, start: int, stop: int) -> str:
    return g.node("Slice", [rows, *(g.constant([bound], np.int64) for bound in (start, stop, 2))])


def _add(g: GraphBuilder, left: str, right: str) -> str:
    return g.node("Add", [left, right])


def _sub(g: GraphBuilder, left: str, right: str) -> str:
    return g.node("Sub", [left, right])


def _mul(g: GraphBuilder, left: str, right: str) -> str:
    return g.node("Mul", [left, right])
