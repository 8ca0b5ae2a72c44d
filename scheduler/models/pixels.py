"""From frames in shared memory to a model's input, and from its coordinates back to frame pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import PixelFormat
from argusd.kernels.pictures.crop import crop_batch
from argusd.kernels.pictures.picture import Layout, Picture, Span, Square

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


def to_frames(points: NDArray[np.floating], rois: Sequence[Roi]) -> NDArray[np.float64]:
    """Points ``[N, ..., 2]`` in 0..1 of the region of the same row, to frame pixels."""
    regions = np.array(rois, np.float64).reshape(len(points), *[1] * (points.ndim - 2), 4)
    x, y, size, angle = np.moveaxis(regions, -1, 0)
    cos, sin = size * np.cos(angle), size * np.sin(angle)
    across, down = points[..., 0] - 0.5, points[..., 1] - 0.5
    placed = np.empty_like(points, np.float64)  # in memory as the points lie
    placed[..., 0] = cos * across - sin * down + x
    placed[..., 1] = sin * across + cos * down + y
    return placed
