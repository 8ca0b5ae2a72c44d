"""What the kernels compute, in float64 and plain NumPy: slow, obvious, the oracle of their tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .colour import BGR_TO_RGB, YUV_TO_RGB, grey_yuv, normalised
from .jpeg import decode_jpeg
from .picture import Picture, Span, Square, affine


def crop_batch(
    pictures: Sequence[Picture], squares: Sequence[Square], size: int, span: Span, outside: int = 0
) -> NDArray[np.float64]:
    """As ``crop.crop_batch``: f64 RGB ``[N, size, size, 3]``, without rounding in between."""
    rows = [
        _crop(picture, affine(square, size), size, span, outside)
        for picture, square in zip(pictures, squares, strict=True)
    ]
    return np.stack(rows)


def _crop(
    picture: Picture, matrix: NDArray[np.float64], size: int, span: Span, grey: int
) -> NDArray[np.float64]:
    if picture.layout in ("I420", "NV12"):
        luma, u, v = _yuv_planes(picture)
        planes, steps, outside, to_rgb = (luma, u, v), (1, 2, 2), grey_yuv(grey), YUV_TO_RGB
    else:
        pixels = _bgr(picture)
        planes = (pixels[..., 0], pixels[..., 1], pixels[..., 2])
        steps, outside, to_rgb = (1, 1, 1), (grey,) * 3, BGR_TO_RGB
    channels = [
        resample(plane.astype(np.float64), matrix / step, size, beyond)
        for plane, step, beyond in zip(planes, steps, outside, strict=True)
    ]
    colour = normalised(to_rgb, span)
    return np.clip(np.dstack(channels) @ colour[:, :3].T + colour[:, 3], span.low, span.high)


def _yuv_planes(picture: Picture) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    if picture.layout == "NV12":
        luma, pairs = picture.planes
        return luma, pairs[:, 0::2], pairs[:, 1::2]
    luma, u, v = picture.planes
    return luma, u, v


def _bgr(picture: Picture) -> NDArray[np.uint8]:
    if picture.layout == "JPEG":
        return decode_jpeg(picture.planes[0].reshape(-1))
    return picture.planes[0].reshape(picture.height, picture.width, 3)


def resample(
    plane: NDArray[np.float64], matrix: NDArray[np.float64], size: int, outside: float
) -> NDArray[np.float64]:
    """As ``crop.resample``, for one channel."""
    blocks = max(1, int(np.hypot(matrix[0, 0], matrix[1, 0])))
    rows, columns = plane.shape[0] // blocks, plane.shape[1] // blocks
    whole = plane[: rows * blocks, : columns * blocks]
    means = whole.reshape(rows, blocks, columns, blocks).mean(axis=(1, 3))
    j, i = np.mgrid[0:size, 0:size]
    x, y = np.tensordot(matrix / blocks, np.stack([i, j, np.ones_like(i)]), axes=1) - 0.5
    return _bilinear(means, x, y, outside)


def _bilinear(
    plane: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], outside: float
) -> NDArray[np.float64]:
    padded = np.pad(plane, 1, constant_values=outside)
    x = np.clip(x + 1, 0, padded.shape[1] - 1)
    y = np.clip(y + 1, 0, padded.shape[0] - 1)
    left = np.minimum(x.astype(int), padded.shape[1] - 2)
    top = np.minimum(y.astype(int), padded.shape[0] - 2)
    across, down = x - left, y - top
    upper = padded[top, left] * (1 - across) + padded[top, left + 1] * across
    lower = padded[top + 1, left] * (1 - across) + padded[top + 1, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float64)


def mel_spectra(
    sound: NDArray[np.float32], n_fft: int, hop: int, bank: NDArray[np.float64]
) -> NDArray[np.float64]:
    """As ``mel.power_spectra`` of ``mel.to_frames``, in the bands of ``mel_bank``: f64 ``[B, T, bands]``."""
    steps = np.arange(n_fft)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * steps / n_fft)
    fourier = np.exp(-2j * np.pi * np.outer(steps, np.arange(n_fft // 2 + 1)) / n_fft)
    starts = range(0, sound.shape[1] - n_fft + 1, hop)
    frames = np.stack([sound[:, start : start + n_fft] for start in starts], axis=1).astype(np.float64)
    return np.asarray(np.abs((frames * taper) @ fourier) ** 2 @ bank, np.float64)


def mel_bank(
    rate: int, n_fft: int, bands: int, low_hz: float = 0.0, high_hz: float | None = None
) -> NDArray[np.float64]:
    """As ``mel.mel_bands``, one weight at a time: f64 ``[n_fft // 2 + 1, bands]``."""
    low, high = _slaney_mel(low_hz), _slaney_mel(rate / 2 if high_hz is None else high_hz)
    corners = [_slaney_hz(low + (high - low) * corner / (bands + 1)) for corner in range(bands + 2)]
    bank = np.zeros((n_fft // 2 + 1, bands))
    for line, band in np.ndindex(bank.shape):
        left, top, right = corners[band : band + 3]
        hz = line * rate / n_fft
        height = 2 / (right - left)
        if left < hz < right:
            bank[line, band] = height * (
                (hz - left) / (top - left) if hz <= top else (right - hz) / (right - top)
            )
    return bank


def _slaney_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)


def _slaney_hz(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)
