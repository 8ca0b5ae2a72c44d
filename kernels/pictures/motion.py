"""What has moved between two looks at a picture: neither light nor a camera's noise nor a codec's.

Where somebody sits still, breath and posture move edges by a pixel or so within a second, of which a cell of
ten pixels shows some levels; a picture on a wall shows none.
"""

import numpy as np
from numpy.typing import NDArray

from .sketch import sketch

Looked = NDArray[np.uint8]

ROWS, COLUMNS = 48, 64
FITS = 3
OFF = 2.0  # times the median rest: what is further off says nothing of the light
NOISE = 4.0  # times the median rest, which is two thirds of a standard deviation
CONTRAST = 0.1  # of the cells' standard deviation: what moves is as bright as the picture lets it be
LEAST = 2.0  # levels
CUT = 0.3  # of the cells' standard deviation: where most cells are so far off nothing is as it was


def cells_of(pixels: NDArray[np.uint8]) -> Looked:
    """What two looks are compared by: ``[ROWS, COLUMNS]``, as ``sketch``."""
    return sketch(pixels, ROWS, COLUMNS).astype(np.uint8)


def moved(now: Looked, then: Looked) -> NDArray[np.bool_] | None:
    """Which cells are not what most cells' change of brightness makes of them.

    None: most cells are not what any such change makes of them, so this is another shot.
    """
    x, y = then.ravel().astype(np.float64), now.ravel().astype(np.float64)
    off = np.abs(y - x - np.median(y - x))
    most = float(np.median(off))
    for _ in range(FITS):
        alike = off <= max(OFF * most, 1.0)
        middle_x, middle_y = x[alike].mean(), y[alike].mean()
        spread = x[alike] - middle_x
        gain = max(0.0, float(spread @ (y[alike] - middle_y)) / max(float(spread @ spread), 1e-9))
        off = np.abs(y - middle_y - gain * (x - middle_x))
        most = float(np.median(off))
    contrast = float(y.std())
    limit = max(NOISE * most, CONTRAST * contrast, LEAST)
    if most > max(CUT * contrast, LEAST):
        return None
    return np.asarray((off > limit).reshape(now.shape), np.bool_)
