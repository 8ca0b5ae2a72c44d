"""Which way up a coded picture is, and how it is turned upright.

Phones code what the sensor sees and tell apart from it how the phone was held: in the RTP header extension
urn:3gpp:video-orientation (3GPP TS 26.114 section 7.4.5, RFC 7742 section 4), in a file's display matrix
(ISO/IEC 14496-12), or in H.264's display orientation SEI, which FFmpeg tells as such a matrix.
"""

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


def upright(planes: Sequence[NDArray[np.uint8]], orientation: Orientation) -> list[NDArray[np.uint8]]:
    """Views of a picture's planes, u8 ``[rows, columns]``, as they are when it is upright. Copies nothing."""
    mirrored = [plane[:, ::-1] for plane in planes] if orientation.mirrored else planes
    return [np.rot90(plane, -orientation.quarters) for plane in mirrored]
