"""``kernels.pictures.crop`` on a device: squares of pictures to one float tensor, in one launch."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..pictures.crop import LARGEST
from ..pictures.jpeg import decode_jpeg
from ..pictures.picture import Picture, Span, Square
from .crops import aimed, pixels_at
from .device import Device, Kernel, Tensor
from .structs import PIXELS

Channels = Literal["last", "first"]

F32 = Kernel("crop", "crop_f32", (16, 16, 1))
F16 = Kernel("crop", "crop_f16", (16, 16, 1))


def crop_batch(
    device: Device,
    pictures: Sequence[Picture],
    squares: Sequence[Square],
    size: int,
    span: Span,
    outside: int = 0,
    *,
    half: bool = False,
    channels: Channels = "last",
) -> Tensor:
    """Cut one square of each picture: RGB ``[N, size, size, 3]`` or ``[N, 3, size, size]`` in ``span``.

    Planes may lie in the device's memory already; others are copied there, and a JPEG is decoded here before.

    Args:
        outside: the grey (0..255) of what lies beyond a picture's edges.
        half: f16 in place of f32.

    Raises:
        BadImage, ImageTooLarge: a JPEG among them cannot be used.
        ValueError: a square is not finite.
    """
    decoded = [_decoded(picture) for picture in pictures]
    planes = [[device.array(plane) for plane in picture.planes] for picture in decoded]
    pixels = [
        pixels_at(picture, [device.address(plane) for plane in own], [plane.strides[0] for plane in own])
        for picture, own in zip(decoded, planes, strict=True)
    ]
    return crop_pixels(
        device, np.array(pixels, PIXELS), squares, size, span, outside, half=half, channels=channels
    )


def crop_pixels(
    device: Device,
    pixels: NDArray[np.void],
    squares: Sequence[Square],
    size: int,
    span: Span,
    outside: int = 0,
    *,
    half: bool = False,
    channels: Channels = "last",
) -> Tensor:
    """``crop_batch`` of pictures that lie on the device; ``pixels``: ``PIXELS`` ``[N]``, see ``staging``."""
    crops = device.array(aimed(pixels, squares, size).view(np.uint8))
    last = channels == "last"
    shape = (size, size, 3) if last else (3, size, size)
    out = device.empty((len(pixels), *shape), np.float16 if half else np.float32)
    device.launch(
        F16 if half else F32,
        (size, size, len(pixels)),
        crops,
        out,
        np.int32(size),
        np.int32(1 if last else size * size),
        np.int32(3 if last else 1),
        np.float32(outside),
        np.float32((span.high - span.low) / LARGEST),
        np.float32(span.low),
    )
    return out


def _decoded(picture: Picture) -> Picture:
    if picture.layout != "JPEG":
        return picture
    bgr = decode_jpeg(picture.planes[0].reshape(-1))
    height, width = bgr.shape[:2]
    return Picture("BGR24", width, height, [bgr.reshape(height, -1)])
