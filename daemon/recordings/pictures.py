"""Pictures of shared memory, as a recording keeps them."""

import av
import cv2
import numpy as np

from argusd.ingest.shm.frame import PixelFormat
from argusd.ingest.shm.ring import FrameView
from argusd.interviewer_bridge.publish.file_stream import planes_of
from argusd.kernels.errors import KernelError
from argusd.scheduler.recorder.pictures import bgr


def taken(frame: FrameView) -> av.VideoFrame | None:
    """A copy in yuv420p; I420 byte for byte. None: it was overwritten meanwhile, or cannot be read."""
    info = frame.info
    try:
        if info.format == PixelFormat.I420:
            picture = av.VideoFrame(info.width, info.height, "yuv420p")
            for place, plane in zip(planes_of(picture), frame.planes, strict=True):
                np.copyto(place, plane)
        else:
            pixels = bgr(frame, info.width)
            picture = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p")
    except (KernelError, cv2.error):
        return None
    return picture if frame.valid() else None
