"""JPEG to pixels, with a look at the header first: a small file can announce gigapixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage
from .jpeg_plan import LIVE_PIXELS, plan_jpeg
from .upright import upright

SCALES = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def decode_jpeg(data: NDArray[np.uint8], max_pixels: int = LIVE_PIXELS) -> NDArray[np.uint8]:
    """Decode u8 ``[nbytes]`` to BGR u8 ``[height, width, 3]``, turned as its EXIF orientation says.

    What has more than ``max_pixels`` is decoded at a half, a quarter or an eighth of its size.

    Raises:
        BadImage: the bytes are no JPEG, or a damaged one.
        ImageTooLarge: the header announces too many pixels even for that.
    """
    plan = plan_jpeg(data.tobytes(), max_pixels)
    try:
        decoded = cv2.imdecode(data, SCALES[plan.reduction] | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise BadImage("the JPEG cannot be decoded") from error
    if decoded is None or decoded.shape[:2] != plan.size[::-1]:
        raise BadImage("the JPEG cannot be decoded, it is damaged or incomplete")
    return upright(np.asarray(decoded, np.uint8), plan.orientation)
