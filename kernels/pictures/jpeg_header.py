"""What a JPEG's segments tell (ITU-T T.81, annex B), without decoding: needs no imaging library."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import BadImage
from ..file_kinds import file_kind

START_OF_IMAGE = b"\xff\xd8"
END_MARKER, SCAN_MARKER, APP1_MARKER = 0xD9, 0xDA, 0xE1
# SOF0..SOF15 hold the size; C4, C8 and CC lie among them but are tables (table B.1).
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE_MARKERS = frozenset(range(0xD0, 0xD8)) | {0x01}
# Coded pixels hold no other markers than restarts and no FF without a 00 behind it (B.1.1.5).
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
MOST_SEGMENTS = 10_000
FRAME_HEADER = 6  # bits a sample, height, width, how many components (B.2.2)


class ImageSize(NamedTuple):
    """Pixels."""

    width: int
    height: int


class Segment(NamedTuple):
    """What lies between ``begin`` and ``end`` is its content; of a scan, the header."""

    marker: int
    begin: int
    end: int


def segments(data: bytes) -> Iterator[Segment]:
    """Segments of a JPEG up to the one that ends the image, or to where the file ends before.

    Raises:
        BadImage: not a JPEG, or a damaged one.
    """
    if data[:2] != START_OF_IMAGE:
        kind = file_kind(data) or ("something else" if data else "empty")
        raise BadImage(f"it is {kind}, not JPEG")
    at = 2
    for _ in range(MOST_SEGMENTS):
        if at + 2 > len(data):
            return
        if data[at] != 0xFF:
            raise BadImage("the JPEG's segments are damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in BARE_MARKERS:
            at += 2
        elif marker == END_MARKER:
            yield Segment(marker, at + 2, at + 2)
            return
        else:
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            yield Segment(marker, at + 4, end)
            at = _after_pixels(data, end) if marker == SCAN_MARKER else end
    raise BadImage("the JPEG has more segments than anybody needs")


def _after_pixels(data: bytes, at: int) -> int:
    following = NEXT_MARKER.search(data, at)
    return following.start() if following else len(data)


def jpeg_size(data: bytes) -> ImageSize:
    """Read the size from the frame header (B.2.2), as the pixels are stored.

    Raises:
        BadImage: not a JPEG, or it ends before its frame header.
    """
    for segment in segments(data):
        if segment.marker in FRAME_MARKERS:
            return frame_size(data, segment)
        if segment.marker == SCAN_MARKER:
            break
    raise BadImage("the JPEG has no frame header")


def frame_size(data: bytes, frame: Segment) -> ImageSize:
    """The size that a frame header says.

    Raises:
        BadImage: it is cut off, or says 0.
    """
    if frame.begin + FRAME_HEADER > len(data):
        raise BadImage("the JPEG ends inside its frame header")
    height, width = (int.from_bytes(data[frame.begin + at : frame.begin + at + 2], "big") for at in (1, 3))
    if not width or not height:
        raise BadImage("the JPEG has no size")
    return ImageSize(width, height)
