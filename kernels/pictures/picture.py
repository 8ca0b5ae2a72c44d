"""What the pixel kernels take: planes and a layout, a square, and what RGB values shall become."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Layout = Literal["I420", "NV12", "BGR24", "JPEG"]


class Picture(NamedTuple):
    """One frame's pixels where they lie; nothing is copied.

    ``planes`` are u8 ``[rows, bytes per row]``: Y, U, V (I420); Y, interleaved UV (NV12); B G R triples
    (BGR24); one row with the whole file (JPEG). Chroma planes of odd sizes round up.
    Y, U and V are BT.601, limited range (16..235), as WebRTC's codecs deliver them.
    """

    layout: Layout
    width: int
    height: int
    planes: Sequence[NDArray[np.uint8]]


class Square(NamedTuple):
    """A square region in a picture's pixels, (0, 0) being the outer corner of the first pixel.

    ``angle``: radians, clockwise as seen on the screen. It may reach beyond the picture.
    """

    center_x: float
    center_y: float
    side: float
    angle: float = 0.0


class Span(NamedTuple):
    """What 0 and 255 become in the output."""

    low: float
    high: float


def affine(square: Square, size: int) -> NDArray[np.float64]:
    """The 2×3 matrix from an output pixel's index to picture coordinates.

    The centre of output pixel (i, j) is i + ½, j + ½ of ``size``; the result counts picture pixels from
    their outer corner, so the first pixel's centre lies at ½.
    """
    (matrix,) = affines(np.array([square]), size)
    return np.asarray(matrix, np.float64)


def affines(squares: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """``affine`` of each row: f64 ``[N, 2, 3]`` for squares ``[N, 4]``."""
    x, y, side, angle = squares.T
    step = side / size
    cos, sin = step * np.cos(angle), step * np.sin(angle)
    middle = size / 2 - 0.5
    matrices = np.array([[cos, -sin, x - middle * (cos - sin)], [sin, cos, y - middle * (sin + cos)]])
    return np.moveaxis(matrices, -1, 0)
