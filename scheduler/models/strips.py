"""Lines of text cut out of pictures, upright."""

import cv2
import numpy as np
from numpy.typing import NDArray

NARROWEST = 1 / 3  # of a line's height
LONGEST = 72  # line heights; longer ones are squeezed


def strip(bgr: NDArray[np.uint8], corners: NDArray[np.float64], height: int) -> NDArray[np.uint8]:
    """What stands in a quadrilateral, u8 ``[height, width, 3]``.

    Args:
        bgr: u8 ``[H, W, 3]``.
        corners: f64 ``[4, 2]``, clockwise from the text's own upper left.
        height: pixels.
    """
    long, high = (float(np.linalg.norm(corners[each] - corners[0])) for each in (1, 3))
    ratio = float(np.clip(long / max(high, 1.0), NARROWEST, LONGEST))
    width = round(height * ratio)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    size = (width, height)
    cut = cv2.warpPerspective(bgr, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def corners_of(bgr: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The corners of a picture, f64 ``[4, 2]``, clockwise from the upper left."""
    height, width = bgr.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
