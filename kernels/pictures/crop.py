"""Squares of pictures to one float tensor: cut, turn, resize, colour and normalise in one pass per row.

Only pixels inside the square are touched, and stay bytes as long as possible: what the square covers is
halved while it is twice as large as the output or more, becomes RGB, is sampled, and turns to floats last.
What lies outside the picture is grey, black unless a model was trained on another letterbox.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .colour import YUV_TO_RGB
from .jpeg import decode_jpeg
from .picture import Picture, Span, Square, affine
from .resample import Cut, Matrix, Pixels, halved, halvings, sample, touched

LARGEST = 255


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


def _crop(picture: Picture, matrix: Matrix, span: Span, out: NDArray[np.float32], outside: int) -> None:
    size, times = len(out), halvings(matrix)
    planes = _planes(picture)
    in_yuv = len(planes) > 1
    cut = touched(matrix, size, planes[0].shape, 1 << max(times, int(in_yuv)))
    if cut.empty:
        out[:] = outside
    else:
        rgba = (_from_yuv if in_yuv else _from_bgr)(planes, cut, times)
        into_part = matrix / (1 << times)
        into_part[:, 2] -= cut.left >> times, cut.top >> times
        out[:] = cv2.cvtColor(sample(rgba, into_part, size, outside), cv2.COLOR_RGBA2RGB)
    if (factor := (span.high - span.low) / LARGEST) != 1:
        out *= np.float32(factor)
    if span.low:
        out += np.float32(span.low)


def _planes(picture: Picture) -> list[Pixels]:
    """B G R triples; or Y, U and V; or Y and pairs of U and V."""
    match picture.layout:
        case "JPEG":
            return [decode_jpeg(picture.planes[0].reshape(-1))]
        case "BGR24":
            return [picture.planes[0].reshape(picture.height, picture.width, 3)]
        case "NV12":
            luma, pairs = picture.planes
            return [luma, pairs.reshape(len(pairs), -1, 2)]
        case "I420":
            return list(picture.planes)


def _from_bgr(planes: Sequence[Pixels], cut: Cut, times: int) -> Pixels:
    """Part of a picture, halved so often: RGBA u8."""
    return np.asarray(cv2.cvtColor(halved(cut.of(planes[0]), times), cv2.COLOR_BGR2RGBA), np.uint8)


def _from_yuv(planes: Sequence[Pixels], cut: Cut, times: int) -> Pixels:
    """The same; luma that was halved once lies on chroma's grid."""
    luma, chroma = cut.of(planes[0]), [cut.of(plane, 2) for plane in planes[1:]]
    if not times:
        pairs = chroma[0] if len(chroma) == 1 else _merged(chroma)
        return np.asarray(cv2.cvtColorTwoPlane(luma, pairs, cv2.COLOR_YUV2RGBA_NV12), np.uint8)
    u_and_v = cv2.split(chroma[0]) if len(chroma) == 1 else chroma
    fewer = [halved(np.asarray(plane, np.uint8), times - 1) for plane in u_and_v]
    rgb = cv2.transform(_merged([halved(luma, times), *fewer]), YUV_TO_RGB)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), np.uint8)


def _merged(planes: Sequence[Pixels]) -> Pixels:
    # Planes with gaps between their rows would take five times as long.
    return np.asarray(cv2.merge([np.ascontiguousarray(plane) for plane in planes]), np.uint8)
