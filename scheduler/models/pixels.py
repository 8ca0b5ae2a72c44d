"""From frames in shared memory to a model's input, and from its coordinates back to frame pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import PixelFormat
from argusd.kernels.pictures.crop import crop_batch
from argusd.kernels.pictures.picture import Layout, Picture, Span, Square, affine

from ..core import Frame, Roi

LAYOUTS: dict[PixelFormat, Layout] = {
    PixelFormat.I420: "I420",
    PixelFormat.NV12: "NV12",
    PixelFormat.BGR24: "BGR24",
    PixelFormat.JPEG: "JPEG",
}


def crop(
    frames: Sequence[Frame], rois: Sequence[Roi], size: int, span: Span, outside: int = 0
) -> NDArray[np.float32]:
    """One square of each frame, f32 RGB ``[N, size, size, 3]`` in ``span``; ``outside``: grey beyond edges.

    Raises:
        BadImage, ImageTooLarge: a JPEG frame cannot be decoded.
    """
    pictures = [
        Picture(LAYOUTS[frame.info.format], frame.info.width, frame.info.height, frame.planes)
        for frame in frames
    ]
    return crop_batch(pictures, [Square(*roi) for roi in rois], size, span, outside)


def to_frame(points: NDArray[np.floating], roi: Roi) -> NDArray[np.float64]:
    """Points ``[..., 2]`` in 0..1 of the region, to frame pixels."""
    matrix = affine(Square(*roi), 1)
    # affine() starts at the centre of an output pixel, which for an output of one pixel is the middle.
    return np.asarray((points - 0.5) @ matrix[:, :2].T + matrix[:, 2], np.float64)
