"""How far the text of a page is turned, from the quadrilaterals that a detector drew around its words."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

STRAIGHT = 1.0  # degrees that a recogniser does not mind


class Turn(NamedTuple):
    """A rotated picture, and the 2×3 matrices to its pixels and back."""

    picture: NDArray[np.uint8]
    there: NDArray[np.float64]
    back: NDArray[np.float64]


def tilt(quads: NDArray[np.float64]) -> float:
    """Degrees, clockwise as seen, in -45..135, by which lines of text are turned; 0 for no words.

    Words are longer than high, so the longer sides tell where lines run; long words tell it more exactly and
    count for more. What is upside down cannot be told from what is not.

    Args:
        quads: f64 ``[N, 4, 2]``, corners in order around each word.
    """
    if not len(quads):
        return 0.0
    sides = np.stack([quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 1]], axis=1)
    lengths = np.linalg.norm(sides, axis=2)
    rows = np.arange(len(quads))
    longer = lengths.argmax(axis=1)
    along, weights = sides[rows, longer], lengths[rows, longer] - lengths[rows, 1 - longer]
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    # A direction and its opposite are the same line.
    folded = (angles + 45) % 180 - 45
    return float(_weighted_median(folded, weights))


def turn(picture: NDArray[np.uint8], degrees: float) -> Turn:
    """Turn a picture anticlockwise by so many degrees, all of it kept, white where there was none of it."""
    height, width = picture.shape[:2]
    there = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0, 0, 1]])
    cos, sin = abs(there[0, 0]), abs(there[0, 1])
    size = int(np.ceil(width * cos + height * sin)), int(np.ceil(width * sin + height * cos))
    there[:2, 2] += (np.array(size) - (width, height)) / 2
    turned = cv2.warpAffine(
        picture,
        there[:2],
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(255,) * 3,
    )
    return Turn(np.asarray(turned, np.uint8), there[:2], np.linalg.inv(there)[:2])


def moved(points: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points ``[..., 2]`` through a 2×3 matrix."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float64)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    heap = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heap, heap[-1] / 2)])
