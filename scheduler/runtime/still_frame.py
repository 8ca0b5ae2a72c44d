"""Frames whose pixels lie in this process: tasks' pictures, and JPEG frames once they are decoded."""

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, PixelFormat


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
