"""What a JPEG's header tells, without decoding: needs no imaging library."""

from typing import NamedTuple

from .errors import BadImage

START_OF_IMAGE, START_OF_SCAN, END_OF_IMAGE = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
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


def whole_jpeg_size(data: bytes) -> ImageSize:
    """The size of a JPEG that is not cut off: an end follows its last scan (T.81, B.1.1.3 and B.2.1).

    What lies between is not looked at. Neither marker can occur in the coded pixels (B.1.1.5).

    Raises:
        BadImage: not a JPEG, without a size, or cut off.
    """
    size = jpeg_size(data)
    scan = data.rfind(START_OF_SCAN)
    if scan < 0 or data.rfind(END_OF_IMAGE) < scan:
        raise BadImage("the JPEG is cut off")
    return size
