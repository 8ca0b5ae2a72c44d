"""What a session's media are, wherever they come from: their tracks, the sample rate, and which way up.

Phones code what the sensor sees and tell apart from it how the phone was held: in the RTP header extension
urn:3gpp:video-orientation (3GPP TS 26.114 section 7.4.5, RFC 7742 section 4), in a file's display matrix
(ISO/IEC 14496-12), or in H.264's display orientation SEI, which FFmpeg tells as such a matrix.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeVar

TrackKind = Literal["video", "audio"]

SAMPLE_RATE = 16_000
"""Samples a second of all sound inside the daemon, s16 mono; it is resampled where it comes in."""

Plane = TypeVar("Plane", bound=Any)

FLIP, ROTATION = 0x04, 0x03
MATRIX = struct.Struct("=iiiiiiiii")


class Orientation(NamedTuple):
    """What makes a picture upright: mirrored left to right, then turned clockwise by quarters of a circle."""

    quarters: int = 0
    mirrored: bool = False


UPRIGHT = Orientation()


def from_header_extension(element: bytes) -> Orientation | None:
    """What an element of urn:3gpp:video-orientation says; None where it is empty, for it says nothing then.

    Of its bits ``0000CFRR`` the camera, C, turns nothing.
    """
    return Orientation(element[0] & ROTATION, bool(element[0] & FLIP)) if element else None


def from_display_matrix(matrix: bytes) -> Orientation:
    """What FFmpeg's display matrix says, nine i32 ``[3, 3]``; angles are rounded to a quarter of a circle.

    Raises:
        ValueError: it has another length.
    """
    if len(matrix) != MATRIX.size:
        raise ValueError(f"a display matrix has {MATRIX.size} bytes, this has {len(matrix)}")
    a, b, _, c, d, *_ = MATRIX.unpack(matrix)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return Orientation(round(2 * math.atan2(b, a) / math.pi) % 4, mirrored)


def display_orientation(picture: Any) -> Orientation:
    """Which way up the bitstream or the file says that a picture, a PyAV frame, is."""
    try:
        matrix = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # There is something beside it that FFmpeg knows and PyAV does not, such as a JPEG's EXIF. The angle,
        # which counts against the clock, is read another way; a mirror is not.
        return Orientation(round(-picture.rotation / 90) % 4)
    return UPRIGHT if matrix is None else from_display_matrix(bytes(matrix))


def upright(planes: Sequence[Plane], orientation: Orientation) -> list[Plane]:
    """Views of a picture's planes, NumPy arrays ``[rows, columns]``, as they are when it is upright."""
    mirrored = [plane[:, ::-1] for plane in planes] if orientation.mirrored else planes
    return [_turned(plane, orientation.quarters) for plane in mirrored]


def _turned(plane: Any, quarters: int) -> Any:
    for _ in range(quarters % 4):
        plane = plane[::-1].T
    return plane
