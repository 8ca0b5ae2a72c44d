"""From frames in shared memory to a model's input, and from its coordinates back to frame pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import PixelFormat
from argusd.kernels.cuda.crop import crop_pixels
from argusd.kernels.cuda.device import Device, Tensor
from argusd.kernels.pictures.crop import crop_batch
from argusd.kernels.pictures.picture import Layout, Picture, Span, Square

from ..core import Frame, Roi

LAYOUTS: dict[PixelFormat, Layout] = {
    PixelFormat.I420: "I420",
    PixelFormat.NV12: "NV12",
    PixelFormat.BGR24: "BGR24",
    PixelFormat.JPEG: "JPEG",
}


class StagedFrame:
    """A ``core.Frame`` whose pixels lie in a device's memory as well, where crops are cut.

    ``pixels``: where, ``kernels.cuda.structs.PIXELS`` ``[1]``; they stay there for as long as ``kept`` lives.
    """

    def __init__(self, frame: Frame, device: Device, pixels: NDArray[np.void], kept: Tensor) -> None:
        self.info = frame.info
        self.device = device
        self.pixels = pixels
        self.kept = kept
        self._frame = frame

    @property
    def planes(self) -> Sequence[NDArray[np.uint8]]:
        """Those in the host's memory."""
        return self._frame.planes

    def valid(self) -> bool:
        """Whether those in the host's memory are whole."""
        return self._frame.valid()


def picture_of(frame: Frame) -> Picture:
    """Its pixels as the kernels take them."""
    return Picture(LAYOUTS[frame.info.format], frame.info.width, frame.info.height, frame.planes)


def crop(
    frames: Sequence[Frame], rois: Sequence[Roi], size: int, span: Span, outside: int = 0
) -> NDArray[np.float32]:
    """One square of each frame, f32 RGB ``[N, size, size, 3]`` in ``span``; ``outside``: grey beyond edges.

    Of staged frames it lies where they do, on their device.

    Raises:
        BadImage, ImageTooLarge: a JPEG frame cannot be decoded.
    """
    on_device = [frame for frame in frames if isinstance(frame, StagedFrame)]
    if not on_device:
        return crop_on_host(frames, rois, size, span, outside)
    squares = [Square(*roi) for roi in rois]
    pixels = np.concatenate([frame.pixels for frame in on_device])
    cut: NDArray[np.float32] = crop_pixels(on_device[0].device, pixels, squares, size, span, outside)
    return cut


def crop_on_host(
    frames: Sequence[Frame], rois: Sequence[Roi], size: int, span: Span, outside: int = 0
) -> NDArray[np.float32]:
    """The same in the host's memory, for what no device does with them afterwards."""
    squares = [Square(*roi) for roi in rois]
    return crop_batch([picture_of(frame) for frame in frames], squares, size, span, outside)


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
