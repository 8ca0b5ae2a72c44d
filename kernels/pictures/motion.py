"""What has moved between two looks at a picture: neither light nor a camera's noise nor a codec's.

Where somebody sits still, breath and posture move edges by a pixel or so within a second, of which a cell of
ten pixels shows some levels; a picture on a wall shows none.
"""

import numpy as np
from numpy.typing import NDArray

from .sketch import Sketch, sketch

ROWS, COLUMNS = 48, 64
FITS = 3
OFF = 2.0  # times the median rest: what is further off says nothing of the light
NOISE = 4.0  # times the median rest, which is two thirds of a standard deviation
CONTRAST = 0.1  # of the cells' standard deviation: what moves is as bright as the picture lets it be
LEAST = 2.0  # levels


def cells_of(pixels: NDArray[np.uint8]) -> Sketch:
    """What two looks are compared by: ``[ROWS, COLUMNS]``, as ``sketch``."""
    return sketch(pixels, ROWS, COLUMNS)


def moved(now: Sketch, then: Sketch) -> NDArray[np.bool_]:
    """Which cells are not what most cells' change of brightness makes of them."""
    x, y = then.ravel().astype(np.float64), now.ravel().astype(np.float64)
    off = np.abs(y - x - np.median(y - x))
    most = float(np.median(off))
    for _ in range(FITS):
        alike = off <= max(OFF * most, 1.0)
        middle_x, middle_y = x[alike].mean(), y[alike].mean()
        spread = x[alike] - middle_x
        gain = float(spread @ (y[alike] - middle_y)) / max(float(spread @ spread), 1e-9) or 1.0
        off = np.abs(y - middle_y - gain * (x - middle_x))
        most = float(np.median(off))
    limit = max(NOISE * most, CONTRAST * float(y.std()), LEAST)
    return np.asarray((off > limit).reshape(now.shape), np.bool_)
