"""Squares of pictures to one float tensor: crop, turn, resize, colour and normalise in one pass per row.

Only pixels inside the square are touched, and every plane is brought to the target size before its colour
is converted, so the cost follows the output and not the frame. The filter: means over k × k blocks, k
being the whole part of the reduction (so that a strong one does not alias), then bilinear. What lies
outside the picture is grey, black unless a model was trained on another letterbox. ``reference.py`` says the
same in plain NumPy.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .colour import BGR_TO_RGB, YUV_TO_RGB, grey_yuv, normalised
from .jpeg import decode_jpeg
from .picture import Picture, Span, Square, affine


def crop_batch(
    pictures: Sequence[Picture], squares: Sequence[Square], size: int, span: Span, outside: int = 0
) -> NDArray[np.float32]:
    """Cut one square of each picture: f32 RGB ``[N, size, size, 3]`` in ``span``.

    Args:
        outside: the grey (0..255) of what lies beyond a picture's edges.

    Raises:
        BadImage, ImageTooLarge: a JPEG among them cannot be used.
    """
    batch = np.empty((len(pictures), size, size, 3), np.float32)
    for row, picture, square in zip(batch, pictures, squares, strict=True):
        _crop(picture, affine(square, size), span, row, outside)
    return batch


def _crop(
    picture: Picture, matrix: NDArray[np.float64], span: Span, out: NDArray[np.float32], outside: int
) -> None:
    channels, to_rgb = _sample(picture, matrix, len(out), outside)
    cv2.transform(channels.astype(np.float32), normalised(to_rgb, span), dst=out)
    np.clip(out, span.low, span.high, out=out)  # YUV holds colours that RGB does not


def _sample(
    picture: Picture, matrix: NDArray[np.float64], size: int, outside: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Channels u8 ``[size, size, 3]`` and the matrix that turns them to RGB."""
    planes, width, height = picture.planes, picture.width, picture.height
    if picture.layout == "JPEG":
        return resample(decode_jpeg(planes[0].reshape(-1)), matrix, size, (outside,) * 3), BGR_TO_RGB
    if picture.layout == "BGR24":
        pixels = planes[0].reshape(height, width, 3)
        return resample(pixels, matrix, size, (outside,) * 3), BGR_TO_RGB
    grey_y, grey_u, _ = grey_yuv(outside)  # U and V are alike
    luma = resample(planes[0], matrix, size, (grey_y,))
    half = matrix / 2
    if picture.layout == "NV12":  # OpenCV samples pairs on a coarser grid than single values
        chroma = cv2.split(planes[1].reshape(planes[1].shape[0], -1, 2))
    else:
        chroma = planes[1:]
    u, v = (resample(np.asarray(plane, np.uint8), half, size, (grey_u,)) for plane in chroma)
    return np.asarray(cv2.merge([luma, u, v]), np.uint8), YUV_TO_RGB


def resample(
    plane: NDArray[np.uint8], matrix: NDArray[np.float64], size: int, outside: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Sample u8 ``[rows, columns(, channels)]`` at ``matrix`` (see ``affine``) on a ``size`` square.

    ``outside`` is each channel's value beyond the edges.
    """
    blocks = max(1, int(np.hypot(matrix[0, 0], matrix[1, 0])))
    if blocks > 1:
        plane, matrix = _shrink(plane, matrix, size, blocks)
    if not plane.size:
        return np.full((size, size, *plane.shape[2:]), outside if plane.ndim == 3 else outside[0], np.uint8)
    to_index = matrix.copy()
    to_index[:, 2] -= 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(
        plane, to_index, (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=outside
    )
    return np.asarray(sampled, np.uint8)


def _shrink(
    plane: NDArray[np.uint8], matrix: NDArray[np.float64], size: int, blocks: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Block means of the part of ``plane`` that the square touches, and the matrix into them.

    Blocks lie on multiples of ``blocks`` in the plane; a last incomplete one counts as outside.
    """
    ends = matrix @ np.array([[0, 0, size, size], [0, size, 0, size], [1, 1, 1, 1]], np.float64)
    whole = np.array(plane.shape[1::-1]) // blocks
    first = np.clip(np.floor(ends.min(axis=1) / blocks).astype(int) - 1, 0, whole)
    last = np.clip(np.ceil(ends.max(axis=1) / blocks).astype(int) + 1, first, whole)
    columns, rows = last - first
    (left, top), (right, bottom) = first * blocks, last * blocks
    moved = matrix / blocks
    moved[:, 2] -= first
    part = plane[top:bottom, left:right]
    if part.size:
        shrunk = cv2.resize(part, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
        part = np.asarray(shrunk, np.uint8)
    return part, moved
