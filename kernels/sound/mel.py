"""Mel spectra of many sounds at once: cut into frames, power of each frame's Fourier transform, mel bands.

Slaney's mel scale (Auditory Toolbox, 1998; the default of librosa) is linear below 1 kHz and logarithmic
above it, and each triangle has an area of one. ``reference.py`` says the same in float64, frequency by
frequency.
"""

from functools import cache
from math import log

import numpy as np
from numpy.typing import NDArray

LINEAR_HZ_PER_MEL = 200 / 3
LOG_FROM_HZ = 1000.0
LOG_STEP = log(6.4) / 27  # 27 mels from 1 kHz to 6.4 kHz


def to_frames(sound: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float32]:
    """Whole frames only: ``[B, N]`` → a view ``[B, 1 + (N - size) // hop, size]``."""
    return np.lib.stride_tricks.sliding_window_view(sound, size, axis=1)[:, ::hop]


def power_spectra(frames: NDArray[np.float32], taper: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared magnitudes of the Fourier transform: ``[B, T, n_fft]`` → ``[B, T, n_fft // 2 + 1]``."""
    spectra = np.fft.rfft(frames * taper)
    return np.square(spectra.real) + np.square(spectra.imag)


@cache
def hann(size: int) -> NDArray[np.float32]:
    """The periodic Hann window, the right one for spectra (``np.hanning`` is the symmetric one)."""
    return np.hanning(size + 1)[:-1].astype(np.float32)


@cache
def mel_bands(
    rate: int, n_fft: int, bands: int, low_hz: float = 0.0, high_hz: float | None = None
) -> NDArray[np.float32]:
    """Weights f32 ``[n_fft // 2 + 1, bands]``: ``power_spectra(…) @ mel_bands(…)`` is the mel spectrum.

    ``high_hz``: the upper end of the last triangle, half the rate if None.
    """
    ends = _to_mel(np.array([low_hz, rate / 2 if high_hz is None else high_hz]))
    corners = _to_hz(np.linspace(ends[0], ends[1], bands + 2))
    frequencies = np.fft.rfftfreq(n_fft, 1 / rate)[:, None]
    widths = np.diff(corners)
    rising = (frequencies - corners[:-2]) / widths[:-1]
    falling = (corners[2:] - frequencies) / widths[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2 / (corners[2:] - corners[:-2])).astype(np.float32)


def _to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = LOG_FROM_HZ / LINEAR_HZ_PER_MEL + np.log(np.maximum(hz, LOG_FROM_HZ) / LOG_FROM_HZ) / LOG_STEP
    return np.where(hz < LOG_FROM_HZ, hz / LINEAR_HZ_PER_MEL, above)


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    corner = LOG_FROM_HZ / LINEAR_HZ_PER_MEL
    above = LOG_FROM_HZ * np.exp(LOG_STEP * (np.maximum(mel, corner) - corner))
    return np.where(mel < corner, mel * LINEAR_HZ_PER_MEL, above)
