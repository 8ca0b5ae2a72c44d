"""``kernels.pictures.crop`` on a device: squares of pictures to one float tensor, in one launch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..pictures.crop import LARGEST
from ..pictures.picture import Span, Square
from .crops import aimed
from .device import Device, Kernel, Tensor

F32 = Kernel("crop", "crop_f32", (16, 16, 1))


def crop_pixels(
    device: Device,
    pixels: NDArray[np.void],
    squares: Sequence[Square],
    size: int,
    span: Span,
    outside: int = 0,
) -> Tensor:
    """Cut one square of each picture: RGB f32 ``[N, size, size, 3]`` in ``span``.

    Args:
        pixels: where pictures lie that the device can read, ``PIXELS`` ``[N]`` (see ``staging``).
        outside: the grey (0..255) of what lies beyond a picture's edges.

    Raises:
        ValueError: a square is not finite.
    """
    crops = device.array(aimed(pixels, squares, size).view(np.uint8))
    out = device.empty((len(pixels), size, size, 3), np.float32)
    device.launch(
        F32,
        (size, size, len(pixels)),
        crops,
        out,
        np.int32(size),
        np.float32(outside),
        np.float32((span.high - span.low) / LARGEST),
        np.float32(span.low),
    )
    return out
