"""What ``crop.cu`` is told of each picture and square, in columns."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..pictures.picture import Layout, Picture, Square, affines
from ..pictures.resample import EXACT
from .structs import CROP

LAYOUTS: dict[Layout, int] = {"I420": 1, "NV12": 2, "BGR24": 3}
MOST_HALVINGS = 15  # then nothing is left of any picture


def pixels_at(picture: Picture, addresses: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """A row of ``PIXELS`` for a picture whose planes lie there."""
    y, u, v = (*addresses, 0, 0)[:3]
    if picture.layout == "NV12":
        v = u + 1
    even = 1 if picture.layout == "BGR24" else 2
    rows, columns = picture.height // even * even, picture.width // even * even
    return y, u, v, rows, columns, strides[0], strides[-1], LAYOUTS[picture.layout]


def aimed(pixels: NDArray[np.void], squares: Sequence[Square], size: int) -> NDArray[np.void]:
    """``CROP`` ``[N]``: one square of each of these ``PIXELS``, for ``size`` × ``size`` outputs.

    Raises:
        ValueError: a square is not finite.
    """
    asked = np.array(squares, np.float64).reshape(-1, 4)
    if not np.isfinite(asked).all():
        raise ValueError("a square's place and size have to be finite")
    matrices = affines(asked, size)
    crops = np.zeros(len(pixels), CROP)
    dense = np.log2(np.hypot(matrices[:, 0, 0], matrices[:, 1, 0]) + EXACT)
    halvings = np.clip(dense.astype(np.int32), 0, MOST_HALVINGS)
    matrices /= np.exp2(halvings)[:, None, None]
    crops["pixels"], crops["halvings"] = pixels, halvings
    crops["fits"] = _fits(
        np.stack([pixels["columns"], pixels["rows"]], axis=1) >> halvings[:, None], matrices, size
    )
    matrices[:, :, 2] -= 0.5
    crops["matrix"] = matrices
    return crops


def _fits(sides: NDArray[np.int32], matrices: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    """Which pictures ``resample.margins_of`` gives margins for; ``sides``: their columns and rows."""
    step = matrices[:, 0, :1]
    upright = (step[:, 0] > 0) & (matrices[:, 0, 1] == 0)
    step = np.where(upright[:, None], step, 1)
    first = 0.5 - matrices[:, :, 2] / step
    edges = np.hstack([first, first + sides / step])
    whole = np.rint(edges)
    exact = (np.abs(edges - whole) <= EXACT) & (whole >= 0) & (whole <= size)
    return np.asarray(upright & exact.all(axis=1))
