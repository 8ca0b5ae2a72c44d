"""What the kernels compute, in float64 and plain NumPy: slow, obvious, the oracle of their tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .pictures.colour import BLACK_YUV, YUV_TO_RGB
from .pictures.jpeg import decode_jpeg
from .pictures.picture import Picture, Span, Square, affine


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
    picture: Picture, matrix: NDArray[np.float64], size: int, span: Span, outside: int
) -> NDArray[np.float64]:
    halvings = max(0, int(np.log2(np.hypot(matrix[0, 0], matrix[1, 0]) + 1e-6)))
    if picture.layout in ("I420", "NV12"):
        rgb = _from_yuv(*_yuv_planes(picture), halvings)
    else:
        rgb = _means(_bgr(picture)[..., ::-1].astype(np.float64), 2**halvings)
    return span.low + sample(rgb, matrix / 2**halvings, size, outside) / 255 * (span.high - span.low)


def _from_yuv(
    luma: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8], halvings: int
) -> NDArray[np.float64]:
    """RGB f64 of a picture halved so often; a last odd column or row is left out.

    A picture that is not halved has one value of chroma for 2 × 2 pixels, and nothing blacker than black.
    """
    rows, columns = luma.shape[0] // 2 * 2, luma.shape[1] // 2 * 2
    y = luma[:rows, :columns].astype(np.float64)
    chroma = [plane.astype(np.float64) for plane in (u, v)]
    if halvings:
        y = _means(y, 2**halvings)
        chroma = [_means(plane, 2 ** (halvings - 1)) for plane in chroma]
    else:
        y = np.maximum(y, BLACK_YUV[0])
        chroma = [plane.repeat(2, axis=0).repeat(2, axis=1) for plane in chroma]
    channels = np.dstack([y, *(plane[: y.shape[0], : y.shape[1]] for plane in chroma)])
    return np.clip(channels @ YUV_TO_RGB[:, :3].T + YUV_TO_RGB[:, 3], 0, 255)


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


def _means(pixels: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Over whole blocks; a last incomplete one is left out."""
    rows, columns = pixels.shape[0] // block, pixels.shape[1] // block
    whole = pixels[: rows * block, : columns * block]
    shape = rows, block, columns, block, *pixels.shape[2:]
    return np.asarray(whole.reshape(shape).mean(axis=(1, 3)), np.float64)


def sample(
    pixels: NDArray[np.float64], matrix: NDArray[np.float64], size: int, outside: int
) -> NDArray[np.float64]:
    """As ``resample.sample``, for three channels."""
    j, i = np.mgrid[0:size, 0:size]
    x, y = np.tensordot(matrix, np.stack([i, j, np.ones_like(i)]), axes=1) - 0.5
    if not _fits_the_grid(pixels, matrix, size):
        return _bilinear(pixels, x, y, outside)
    rows, columns = pixels.shape[:2]
    inside = (x > -0.5) & (x < columns - 0.5) & (y > -0.5) & (y < rows - 0.5)
    continued = _bilinear(pixels, np.clip(x, 0, columns - 1), np.clip(y, 0, rows - 1), outside)
    return np.where(inside[..., None], continued, outside)


def _fits_the_grid(pixels: NDArray[np.float64], matrix: NDArray[np.float64], size: int) -> bool:
    """Whether all of an upright picture lies in the square, its edges between pixels there."""
    if matrix[0, 1] or matrix[0, 0] < 0:
        return False
    first = 0.5 - matrix[:, 2] / matrix[0, 0]
    edges = np.concatenate([first, first + np.array(pixels.shape[1::-1]) / matrix[0, 0]])
    exact = np.abs(edges - np.rint(edges)).max() <= 1e-6
    return bool(exact and np.rint(edges).min() >= 0 and np.rint(edges).max() <= size)


def _bilinear(
    pixels: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], outside: int
) -> NDArray[np.float64]:
    """Edges blend over one pixel into what is outside."""
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), constant_values=outside)
    x = np.clip(x + 1, 0, padded.shape[1] - 1)
    y = np.clip(y + 1, 0, padded.shape[0] - 1)
    left = np.minimum(x.astype(int), padded.shape[1] - 2)
    top = np.minimum(y.astype(int), padded.shape[0] - 2)
    across, down = (x - left)[..., None], (y - top)[..., None]
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
