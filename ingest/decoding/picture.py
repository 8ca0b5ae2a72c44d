"""A decoded picture's planes, and which way up they are."""

from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from numpy.typing import NDArray

from .orientation import UPRIGHT, Orientation, from_display_matrix, upright


def picture_planes(picture: av.VideoFrame) -> list[NDArray[np.uint8]]:
    """Views of a 4:2:0 picture's planes, u8 ``[rows, bytes per row]``, padding cut off."""
    return [
        np.ndarray((plane.height, plane.width), np.uint8, memoryview(plane), 0, (plane.line_size, 1))
        for plane in picture.planes
    ]


def upright_planes(picture: av.VideoFrame, orientation: Orientation) -> list[NDArray[np.uint8]]:
    """Views of a picture's planes as they are when it is upright.

    What its bitstream says (H.264's display orientation SEI) holds where ``orientation`` turns nothing: a
    sender uses one or the other (RFC 7742 section 4).
    """
    planes = picture_planes(picture)
    # Looking at side data makes a cycle with the picture, whose memory then waits for the garbage collector
    # and is not used again: a fifth of all that receiving costs. An upside down mirror has no rotation; no
    # camera makes one.
    if orientation == UPRIGHT and picture.rotation:
        orientation = display_orientation(picture)
    return planes if orientation == UPRIGHT else upright(planes, orientation)


def display_orientation(picture: av.VideoFrame) -> Orientation:
    """Which way up the bitstream or the file says that a picture is."""
    try:
        side_data: Any = picture.side_data  # PyAV's stub knows of motion vectors alone
    except ValueError:
        # There is something beside it that FFmpeg knows and PyAV does not, such as a JPEG's EXIF. The angle,
        # which counts against the clock, is read another way; a mirror is not.
        return Orientation(round(-picture.rotation / 90) % 4)
    matrix = side_data.get(SideDataType.DISPLAYMATRIX)
    return UPRIGHT if matrix is None else from_display_matrix(bytes(matrix))
