"""Pixels as they are stored to pixels as they are to be seen."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

MIRRORED = (2, 4, 5, 7)
# What is left to do once it is not mirrored any more.
ROTATIONS = {
    3: cv2.ROTATE_180,
    4: cv2.ROTATE_180,
    5: cv2.ROTATE_90_COUNTERCLOCKWISE,
    6: cv2.ROTATE_90_CLOCKWISE,
    7: cv2.ROTATE_90_CLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn u8 ``[height, width, 3]`` as an EXIF orientation (1..8) asks."""
    seen = cv2.flip(pixels, 1) if orientation in MIRRORED else pixels
    rotation = ROTATIONS.get(orientation)
    return np.asarray(seen if rotation is None else cv2.rotate(seen, rotation), np.uint8)
