"""Frames whose pixels lie in this process: tasks' pictures, and JPEG frames once they are decoded."""

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.kernels.errors import KernelError
from argusd.kernels.pictures.jpeg import decode_jpeg

from ..core import Frame


class StillFrame:
    """A ``core.Frame`` of BGR u8 ``[height, width, 3]`` that nobody overwrites."""

    def __init__(self, bgr: NDArray[np.uint8]) -> None:
        height, width = bgr.shape[:2]
        self.info = FrameInfo(
            width=width,
            height=height,
            format=PixelFormat.BGR24,
            strides=(3 * width, 0, 0),
            nbytes=3 * width * height,
        )
        self.planes = [bgr.reshape(height, 3 * width)]

    def valid(self) -> bool:
        """Always."""
        return True


def decoded(frame: Frame) -> Frame | None:
    """The frame itself, or what it decodes to if it is a JPEG: None if it cannot be, or not any more.

    A batch is made of decoded frames, so that a broken JPEG harms no other row. Takes milliseconds: for a
    lane's thread.
    """
    if frame.info.format != PixelFormat.JPEG:
        return frame
    try:
        pixels = decode_jpeg(frame.planes[0].reshape(-1))
    except KernelError:
        return None
    return StillFrame(pixels) if frame.valid() else None
