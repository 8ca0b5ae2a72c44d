"""How a camera was held, as EXIF says it (CIPA DC-008, 4.6.4), in JPEG, PNG and WebP. Pure."""

import struct
from collections.abc import Iterator

from ..errors import BadImage
from .jpeg_header import APP1_MARKER, SCAN_MARKER, START_OF_IMAGE, segments

UPRIGHT = 1
TURNED = frozenset(range(5, 9))  # width and height change places
EXIF_MARK = b"Exif\0\0"
ORIENTATION_TAG, SHORT, LONG = 0x0112, 3, 4
ENTRY = 12
PNG_CHUNKS, WEBP_CHUNKS = 8, 12  # where the first one begins


def orientation(data: bytes) -> int:
    """1..8, as the tag has it: 6 is a scene whose top lies at the right. 1 where EXIF is none or broken."""
    return next(map(_of_tiff, _exif(data)), UPRIGHT)


def _exif(data: bytes) -> Iterator[bytes]:
    if data.startswith(START_OF_IMAGE):
        yield from _in_jpeg(data)
    elif data.startswith(b"\x89PNG"):
        yield from _in_chunks(data, PNG_CHUNKS, ">I4s", b"eXIf", 4)  # PNG, third edition, 11.3.4.5
    elif data.startswith(b"RIFF"):
        yield from _in_chunks(data, WEBP_CHUNKS, "<4sI", b"EXIF", 0)  # RFC 9649, 2.7.1.5


def _in_jpeg(data: bytes) -> Iterator[bytes]:
    try:
        for segment in segments(data):
            if segment.marker == SCAN_MARKER:
                return
            if segment.marker == APP1_MARKER and data.startswith(EXIF_MARK, segment.begin):
                yield data[segment.begin + len(EXIF_MARK) : segment.end]
    except BadImage:
        return


def _in_chunks(data: bytes, at: int, header: str, wanted: bytes, checksum: int) -> Iterator[bytes]:
    while at + 8 <= len(data):
        fields = struct.unpack_from(header, data, at)
        size, name = fields if isinstance(fields[0], int) else fields[::-1]
        begin = at + 8
        if name == wanted:
            yield data[begin : begin + size].removeprefix(EXIF_MARK)
        at = begin + size + (checksum or size % 2)


def _of_tiff(tiff: bytes) -> int:
    """The tag of the first directory (TIFF 6.0, section 2)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for at in range(directory + 2, directory + 2 + count * ENTRY, ENTRY):
            tag, kind = struct.unpack_from(order + "HH", tiff, at)
            if tag == ORIENTATION_TAG and kind in (SHORT, LONG):
                (value,) = struct.unpack_from(order + ("H" if kind == SHORT else "I"), tiff, at + 8)
                return value if value in range(1, 9) else UPRIGHT
    except struct.error:  # cut off
        return UPRIGHT
    return UPRIGHT
