"""Pictures of shared memory as JPEGs: whole, or small ones of which a clip can be made."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import FrameView
from argusd.kernels.errors import KernelError
from argusd.kernels.pictures.jpeg import decode_jpeg

SMALL_WIDTH = 640
WHOLE_QUALITY, SMALL_QUALITY = 92, 75


class Shot(NamedTuple):
    """A picture taken out of shared memory; ``info`` has its times, and the size that it had there."""

    info: FrameInfo
    jpeg: bytes


def whole(frame: FrameView) -> Shot | None:
    """The picture as it is; None: it was overwritten meanwhile, or cannot be read."""
    if frame.info.format == PixelFormat.JPEG:
        jpeg = frame.planes[0].tobytes()
        return Shot(frame.info, jpeg) if frame.valid() else None
    return shot(frame, frame.info.width, WHOLE_QUALITY)


def small(frame: FrameView) -> Shot | None:
    """The picture ``SMALL_WIDTH`` wide at most; None: see ``whole``."""
    return shot(frame, SMALL_WIDTH, SMALL_QUALITY)


def shot(frame: FrameView, width: int, quality: int) -> Shot | None:
    """The picture at most so wide."""
    try:
        pixels = bgr(frame, width)
    except (KernelError, cv2.error):
        return None
    if not frame.valid():  # before it costs more
        return None
    _, jpeg = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return Shot(frame.info, jpeg.tobytes())


def bgr(frame: FrameView, width: int) -> NDArray[np.uint8]:
    """BGR u8 ``[height, width, 3]``, scaled down to at most this width, both sides even."""
    info, planes = frame.info, frame.planes
    scale = min(1.0, width / info.width)
    across, down = (max(2, round(side * scale) // 2 * 2) for side in (info.width, info.height))
    match info.format:
        case PixelFormat.I420:
            luma, *chroma = planes
            scaled = [resized(luma, across, down)]
            scaled += [resized(plane, across // 2, down // 2) for plane in chroma]
            packed = np.concatenate([plane.reshape(-1) for plane in scaled])
            return u8(cv2.cvtColor(packed.reshape(down * 3 // 2, across), cv2.COLOR_YUV2BGR_I420))
        case PixelFormat.NV12:
            luma, chroma_pairs = planes
            pairs = chroma_pairs.reshape(chroma_pairs.shape[0], -1, 2)
            two = resized(luma, across, down), resized(pairs, across // 2, down // 2)
            return u8(cv2.cvtColorTwoPlane(*two, cv2.COLOR_YUV2BGR_NV12))
        case PixelFormat.BGR24:
            return resized(planes[0].reshape(info.height, info.width, 3), across, down)
        case PixelFormat.JPEG:
            return resized(decode_jpeg(planes[0].reshape(-1)), across, down)


def resized(plane: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The plane in this size, averaged where it is larger."""
    if plane.shape[:2] == (height, width):
        return plane
    return u8(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA))


def u8(pixels: Any) -> NDArray[np.uint8]:
    """What OpenCV made of bytes; it declares all that it could be."""
    return np.asarray(pixels, np.uint8)
