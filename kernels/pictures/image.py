"""JPEG, PNG and WebP to pixels, with a look at the header first: a small file can announce gigapixels.

Sizes lie at fixed places: PNG in its first chunk (W3C PNG, 11.2.1); WebP in its first chunk, which is lossy
(``VP8 ``, RFC 6386 9.1), lossless (``VP8L``) or extended (``VP8X``, RFC 9649 2.5 to 2.7).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage, ImageTooLarge
from ..file_kinds import file_kind
from .alpha import has_alpha, on_white
from .exif import orientation
from .jpeg import decode_jpeg
from .jpeg_header import START_OF_IMAGE, ImageSize, jpeg_size
from .jpeg_plan import SEQUENTIAL_TIMES
from .upright import upright

PNG_BEGIN = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
PNG_SIGNATURE, PNG_SIZE_END = 8, 24
WEBP_HEADER = 30
VP8_START_CODE = b"\x9d\x01\x2a"
VP8L_SIGNATURE = 0x2F
KINDS = ("JPEG", "PNG", "WebP")


def image_size(data: bytes) -> ImageSize:
    """Read the size from the header without decoding.

    Raises:
        BadImage: neither JPEG nor PNG nor WebP, or it ends before its size, or is empty.
    """
    if data.startswith(START_OF_IMAGE):
        return jpeg_size(data)
    if data.startswith(PNG_BEGIN) and len(data) >= PNG_SIZE_END:
        size = ImageSize(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= WEBP_HEADER:
        size = _webp_size(data)
    else:
        raise BadImage(_no_picture(data))
    if not size.width or not size.height:
        raise BadImage("the image has no size")
    return size


def _no_picture(data: bytes) -> str:
    """What it is instead."""
    kind = file_kind(data)
    if kind in KINDS:
        return f"the {kind} ends inside its header"
    if kind is None:
        return "it is neither JPEG nor PNG nor WebP" if data else "it is empty"
    return f"it is {kind}, and neither JPEG nor PNG nor WebP; convert it to JPEG"


def _webp_size(data: bytes) -> ImageSize:
    kind, body = data[12:16], data[20:WEBP_HEADER]
    if kind == b"VP8 " and body[3:6] == VP8_START_CODE:
        width, height = (int.from_bytes(body[at : at + 2], "little") for at in (6, 8))
        return ImageSize(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L" and body[0] == VP8L_SIGNATURE:
        bits = int.from_bytes(body[1:5], "little")
        return ImageSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        return ImageSize(*(int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7)))
    raise BadImage("the WebP's first chunk is none that holds a picture")


def _require_whole_chunks(png: bytes) -> None:
    """Refuse chunks that are said to be larger than what is left: room is made for them before they are read.

    Raises:
        BadImage: there is one, or the last one is missing (W3C PNG, 5.3 and 11.2.4).
    """
    at, name = PNG_SIGNATURE, b""
    while name != b"IEND":
        name, at = png[at + 4 : at + 8], at + 12 + int.from_bytes(png[at : at + 4], "big")
        if at > len(png):
            raise BadImage("the PNG is damaged or incomplete")


def decode_image(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """Decode to BGR u8 ``[height, width, 3]``, turned as its EXIF orientation says.

    Of several pictures in a file it is the first, and where it is transparent it lies on white. A JPEG that
    is too large is decoded at a reduced scale.

    Raises:
        BadImage: it is none, or a damaged or incomplete one.
        ImageTooLarge: the header announces more than ``max_pixels``, or of a JPEG more than can be reduced.
    """
    if data.startswith(START_OF_IMAGE):
        return decode_jpeg(np.frombuffer(data, np.uint8), max_pixels)
    size = image_size(data)
    if size.width * size.height > max_pixels:
        raise ImageTooLarge(
            f"{size.width}×{size.height} pixels are more than the {max_pixels} allowed for PNG and WebP; "
            f"a JPEG may have {int(max_pixels * SEQUENTIAL_TIMES)}"
        )
    if data.startswith(PNG_BEGIN):
        _require_whole_chunks(data)
    transparent = has_alpha(data)
    flags = cv2.IMREAD_UNCHANGED if transparent else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise BadImage("the image cannot be decoded") from error
    if decoded is None or decoded.shape[:2] != size[::-1]:
        raise BadImage("the image is damaged or incomplete")
    return upright(on_white(np.asarray(decoded)), orientation(data))
