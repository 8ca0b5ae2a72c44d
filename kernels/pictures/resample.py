"""Pixels on a square grid of another scale: halved while they are twice as dense, then sampled bilinearly.

Halving (means over 2 × 2) keeps a strong reduction from aliasing; it is the one reduction that OpenCV does
at the speed of memory. ``reference.py`` says the same in plain NumPy.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]

EXACT = 1e-6  # of a pixel


class Cut(NamedTuple):
    """The columns ``left..right`` and rows ``top..bottom`` of a picture, past-the-end values excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.left >= self.right or self.top >= self.bottom

    def of(self, plane: Pixels, step: int = 1) -> Pixels:
        """This part of a plane that has one value for ``step`` × ``step`` pixels."""
        return plane[self.top // step : self.bottom // step, self.left // step : self.right // step]


class Margins(NamedTuple):
    """Pixels of a square that a picture leaves free on each side."""

    top: int
    bottom: int
    left: int
    right: int


def halvings(matrix: Matrix) -> int:
    """How often a picture is halved before it is sampled at ``matrix`` (see ``picture.affine``)."""
    return max(0, int(math.log2(math.hypot(matrix[0, 0], matrix[1, 0]) + EXACT)))


def touched(matrix: Matrix, size: int, shape: tuple[int, ...], block: int) -> Cut:
    """What bilinear sampling may need of a picture of this shape, in whole blocks of it.

    A last incomplete block counts as outside.
    """
    (x_x, x_y, x), (y_x, y_y, y) = matrix.tolist()
    left, right = _reach(x, x_x * size, x_y * size, shape[1] // block, block)
    top, bottom = _reach(y, y_x * size, y_y * size, shape[0] // block, block)
    return Cut(left, top, right, bottom)


def _reach(start: float, across: float, down: float, blocks: int, block: int) -> tuple[int, int]:
    low = (start + min(across, 0.0) + min(down, 0.0)) / block
    high = (start + max(across, 0.0) + max(down, 0.0)) / block
    first = min(max(math.floor(low) - 1, 0), blocks)
    last = min(max(math.ceil(high) + 1, first), blocks)
    return first * block, last * block


def halved(pixels: Pixels, times: int) -> Pixels:
    """Means over blocks of ``2 ** times`` pixels, which divides both sides."""
    for _ in range(times):
        half = pixels.shape[1] // 2, pixels.shape[0] // 2
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)
    return pixels


def sample(pixels: Pixels, matrix: Matrix, size: int, outside: int) -> Pixels:
    """Sample u8 ``[rows, columns, 4]`` (of which OpenCV is fondest) at ``matrix`` on a ``size`` square.

    ``outside`` is the value of all channels beyond the edges. An upright picture whose edges fall between
    pixels of the square, as a whole frame's do, ends sharply there; any other blends into what is outside.
    """
    margins, beyond = margins_of(pixels.shape, matrix, size), (outside,) * 4
    if margins is None:
        to_index = matrix.copy()
        to_index[:, 2] -= 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(pixels, to_index, (size, size), flags=flags, borderValue=beyond)
        return np.asarray(warped, np.uint8)
    columns, rows = size - margins.left - margins.right, size - margins.top - margins.bottom
    inside = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.copyMakeBorder(inside, *margins, cv2.BORDER_CONSTANT, value=beyond), np.uint8)


def margins_of(shape: tuple[int, ...], matrix: Matrix, size: int) -> Margins | None:
    """What a picture of this shape leaves free of the square, if it lies in whole pixels of it; else None."""
    (across, turn, x), (_, down, y) = matrix.tolist()
    if turn or across < 0:
        return None
    left, top = 0.5 - x / across, 0.5 - y / down
    right, bottom = size - left - shape[1] / across, size - top - shape[0] / down
    free = top, bottom, left, right
    whole = Margins(*map(round, free))
    exact = all(abs(one - other) <= EXACT for one, other in zip(free, whole, strict=True))
    return whole if exact and min(whole) >= 0 else None
