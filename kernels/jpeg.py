"""JPEG to pixels, with a look at the header first: a small file can announce gigapixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import BadImage, ImageTooLarge
from .jpeg_header import jpeg_size

MAX_PIXELS = 4096 * 4096


def decode_jpeg(data: NDArray[np.uint8], max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode u8 ``[nbytes]`` to BGR u8 ``[height, width, 3]``, as stored (EXIF orientation is left alone).

    Raises:
        BadImage: the bytes are no JPEG, or a damaged one.
        ImageTooLarge: the header announces more than ``max_pixels``.
    """
    size = jpeg_size(data.data)
    if size.width * size.height > max_pixels:
        raise ImageTooLarge(f"{size.width}×{size.height} pixels are more than the {max_pixels} allowed")
    try:
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise BadImage("the JPEG cannot be decoded") from error
    if decoded is None or decoded.shape[:2] != (size.height, size.width):
        raise BadImage("the JPEG cannot be decoded")
    return np.asarray(decoded, dtype=np.uint8)
