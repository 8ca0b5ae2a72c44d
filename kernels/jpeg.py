"""JPEG to pixels, with a look at the header first: a small file can announce gigapixels."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import BadImage, ImageTooLarge

MAX_PIXELS = 4096 * 4096

START_OF_IMAGE = b"\xff\xd8"
# SOF0..SOF15 hold the size; C4, C8 and CC lie among them but are tables (ITU-T T.81, table B.1).
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE_MARKERS = frozenset(range(0xD0, 0xD8)) | {0x01}
SCAN_MARKER = 0xDA


class ImageSize(NamedTuple):
    """Pixels as they are stored; EXIF orientation is not applied."""

    width: int
    height: int


def jpeg_size(data: bytes | memoryview) -> ImageSize:
    """Read the size from the frame header (ITU-T T.81, B.2.2) without decoding.

    Raises:
        BadImage: not a JPEG, or it ends before its frame header.
    """
    if bytes(data[:2]) != START_OF_IMAGE:
        raise BadImage("the image does not begin as a JPEG")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise BadImage("the JPEG's segments are damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in BARE_MARKERS:
            at += 2
        elif marker in FRAME_MARKERS:
            return _frame_size(data, at)
        elif marker == SCAN_MARKER:
            break
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise BadImage("the JPEG has no frame header")


def _frame_size(data: bytes | memoryview, at: int) -> ImageSize:
    if at + 9 > len(data):
        raise BadImage("the JPEG ends inside its frame header")
    height = int.from_bytes(data[at + 5 : at + 7], "big")
    width = int.from_bytes(data[at + 7 : at + 9], "big")
    if not width or not height:
        raise BadImage("the JPEG has no size")
    return ImageSize(width, height)


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
