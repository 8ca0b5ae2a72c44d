"""What describes one video frame in shared memory.

A slot is a header of 128 bytes followed by the pixels, planes packed one after the other::

    byte 0    seq            u64   2n + 1 while frame n is written, 2n + 2 once it is whole
    byte 8    captured_ns    i64   sender's wall clock (unix, RTCP SR), 0 = no sender report yet
    byte 16   arrival_ns     i64   CLOCK_MONOTONIC when the frame's last packet arrived
    byte 24   rtp_timestamp  i64   extended (unwrapped) RTP timestamp, 90 kHz
    byte 32   width, height  u32   pixels of the picture
    byte 40   strides        u32×3 bytes from row to row of each plane, 0 = no such plane
    byte 52   format         u32   PixelFormat
    byte 56   nbytes         u32   bytes of payload
    byte 60   flags          u32   FrameFlag
"""

import struct
from enum import IntEnum, IntFlag
from functools import lru_cache

import msgspec

SLOT_HEADER_BYTES = 128
INFO_OFFSET = 8
INFO = struct.Struct("=qqqIIIIIIII")


class PixelFormat(IntEnum):
    """How the payload of a slot is laid out."""

    I420 = 1
    NV12 = 2
    BGR24 = 3
    JPEG = 4


class FrameFlag(IntFlag):
    """What a reader should know about a frame's pixels."""

    NONE = 0
    SUSPECT = 1  # decoded after a loss, before the next keyframe


# An enum looked up by its value takes longer than all else of reading a header.
FORMATS = {int(known): known for known in PixelFormat}
_flags = lru_cache(maxsize=16)(FrameFlag)


class FrameInfo(msgspec.Struct, frozen=True):
    """Everything about a frame but its pixels."""

    width: int
    height: int
    format: PixelFormat
    strides: tuple[int, int, int]
    nbytes: int
    captured_ns: int = 0
    arrival_ns: int = 0
    rtp_timestamp: int = 0
    flags: FrameFlag = FrameFlag.NONE


def plane_shapes(info: FrameInfo) -> list[tuple[int, int]]:
    """Rows and bytes per row of each plane, in the order they lie in the slot.

    Chroma planes of odd sizes round up. A JPEG is a single row of ``nbytes``.
    """
    half_height, half_width = (info.height + 1) // 2, (info.width + 1) // 2
    match info.format:
        case PixelFormat.I420:
            return [(info.height, info.width), (half_height, half_width), (half_height, half_width)]
        case PixelFormat.NV12:
            return [(info.height, info.width), (half_height, 2 * half_width)]
        case PixelFormat.BGR24:
            return [(info.height, 3 * info.width)]
        case PixelFormat.JPEG:
            return [(1, info.nbytes)]


def payload_bytes(info: FrameInfo) -> int:
    """Bytes that the planes take in a slot."""
    if info.format == PixelFormat.JPEG:
        return info.nbytes
    return _pixel_bytes(info.format, info.width, info.height)


@lru_cache(maxsize=64)
def _pixel_bytes(pixel_format: PixelFormat, width: int, height: int) -> int:
    shapes = plane_shapes(FrameInfo(width, height, pixel_format, (0, 0, 0), 0))
    return sum(rows * row_bytes for rows, row_bytes in shapes)


def slot_bytes_for(info: FrameInfo) -> int:
    """Payload bytes that a slot needs for this frame and those to come of its size.

    A JPEG's bytes vary with its content: there is room for twice as many, and for 2 bits a pixel.
    """
    if info.format != PixelFormat.JPEG:
        return info.nbytes
    return max(2 * info.nbytes, info.width * info.height // 4)


@lru_cache(maxsize=16)
def i420_info(width: int, height: int) -> FrameInfo:
    """Describe a packed I420 picture of this size (no times, no flags)."""
    half_width = (width + 1) // 2
    return FrameInfo(
        width=width,
        height=height,
        format=PixelFormat.I420,
        strides=(width, half_width, half_width),
        nbytes=_pixel_bytes(PixelFormat.I420, width, height),
    )


def pack_info(info: FrameInfo) -> bytes:
    """Serialise for the slot header (see the module's drawing)."""
    return INFO.pack(
        info.captured_ns,
        info.arrival_ns,
        info.rtp_timestamp,
        info.width,
        info.height,
        *info.strides,
        info.format,
        info.nbytes,
        info.flags,
    )


def unpack_info(slot: memoryview, offset: int) -> FrameInfo:
    """Read a slot's header; the caller checks ``seq`` before and after.

    Raises:
        ValueError: the format word is unknown, as it can be in a slot that is being overwritten.
    """
    captured, arrival, rtp, width, height, s0, s1, s2, pixel_format, nbytes, flags = INFO.unpack_from(
        slot, offset + INFO_OFFSET
    )
    known = FORMATS.get(pixel_format)
    if known is None:
        raise ValueError(f"{pixel_format} is no PixelFormat")
    return FrameInfo(
        width,
        height,
        known,
        (s0, s1, s2),
        nbytes,
        captured,
        arrival,
        rtp,
        _flags(flags),
    )
