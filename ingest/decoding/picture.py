"""A decoded picture's planes, and which way up they are."""

import av
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.media import UPRIGHT, Orientation, display_orientation, upright


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
