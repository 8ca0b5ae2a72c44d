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
    """Points ``[N, K, 2]`` in 0..1 of the region of the same row, to frame pixels."""
    turns, centers = placing(rois)
    return np.asarray((points - 0.5) @ turns.swapaxes(1, 2) + centers[:, None], np.float64)


def placing(rois: Sequence[Roi]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turns f64 ``[N, 2, 2]`` from offsets in 0..1 of each region to pixels, and its middles ``[N, 2]``."""
    regions = np.array(rois, np.float64).reshape(-1, 4)
    sizes, angles = regions[:, 2], regions[:, 3]
    turns = np.empty((len(regions), 2, 2))
    turns[:, 0, 0] = turns[:, 1, 1] = sizes * np.cos(angles)
    turns[:, 1, 0] = sizes * np.sin(angles)
    turns[:, 0, 1] = -turns[:, 1, 0]
    return turns, regions[:, :2]
