"""Kaldi's log mel filter banks of many sounds at once, as speaker models trained with it want them.

Povey et al., "The Kaldi speech recognition toolkit", ASRU 2011 (``feat/feature-window.cc`` and
``feat/mel-computations.cc``): each frame loses its mean, is pre-emphasised and tapered; triangles lie on the
mel scale of HTK.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .mel import power_spectra, to_frames

PREEMPHASIS = 0.97
LOW_HZ = 20.0
FLOOR = float(np.finfo(np.float32).eps)


def fbank(sound: NDArray[np.float32], rate: int, size: int, hop: int, bands: int) -> NDArray[np.float32]:
    """Logarithms of power in mel bands: f32 ``[B, N]`` → ``[B, 1 + (N - size) // hop, bands]``.

    Samples count in units of 16-bit integers, −32768..32767, as Kaldi reads them.
    """
    frames = to_frames(sound, size, hop)
    frames = frames - frames.mean(axis=2, keepdims=True)
    before = np.concatenate([frames[..., :1], frames[..., :-1]], axis=2)
    tapered = (frames - np.float32(PREEMPHASIS) * before) * np.hamming(size).astype(np.float32)
    n_fft = 1 << (size - 1).bit_length()
    padded = np.pad(tapered, ((0, 0), (0, 0), (0, n_fft - size)))
    power = power_spectra(padded, np.ones(n_fft, np.float32)) @ htk_bands(rate, n_fft, bands)
    return np.asarray(np.log(np.maximum(power, FLOOR)), np.float32)


@cache
def htk_bands(rate: int, n_fft: int, bands: int) -> NDArray[np.float32]:
    """Weights f32 ``[n_fft // 2 + 1, bands]`` from 20 Hz to half the rate; the last line has none."""
    low, high = _mel(np.array([LOW_HZ, rate / 2]))
    corners = np.linspace(low, high, bands + 2)
    lines = _mel(np.fft.rfftfreq(n_fft, 1 / rate).astype(np.float64))[:, None]
    rising = (lines - corners[:-2]) / (corners[1] - corners[0])
    falling = (corners[2:] - lines) / (corners[1] - corners[0])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[-1] = 0.0
    return np.asarray(weights, np.float32)


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127 * np.log1p(hz / 700), np.float64)
