"""How well two signals agree when one is moved against the other: cross-correlation over lags, for a batch.

Every lag is judged by the same samples of the first signal, so no lag is favoured by a shorter overlap. The
coefficient is Pearson's, weighted, so that samples which were not seen do not count (Slaney and Covell,
"FaceSync", NIPS 2000, measure the synchrony of faces and voices by Pearson's as well).
"""

import numpy as np
from numpy.typing import NDArray

Signals = NDArray[np.float64]

FLAT = 1e-9  # a variance below it is rounding: what does not change agrees with nothing


def lagged_correlation(seen: Signals, weight: Signals, heard: Signals) -> Signals:
    """Coefficients f64 ``[B, 2L + 1]`` in −1..1 of lags ``-L`` to ``L``; positive: ``heard`` comes later.

    ``seen`` and ``weight`` (0 or more each): f64 ``[B, N]``. ``heard``: f64 ``[B, N + 2L]``, beginning ``L``
    samples earlier. 0 where either does not change.
    """
    shifted = np.lib.stride_tricks.sliding_window_view(heard, seen.shape[1], axis=1)
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), FLAT)
    apart = seen - (share * seen).sum(axis=1, keepdims=True)
    spread_seen = (share * apart**2).sum(axis=1, keepdims=True)
    mean = np.einsum("bn,bln->bl", share, shifted)
    spread_heard = np.einsum("bn,bln->bl", share, shifted**2) - mean**2
    together = np.einsum("bn,bln->bl", share * apart, shifted)
    spread = spread_seen * spread_heard
    found = together / np.sqrt(np.maximum(spread, FLAT**2))
    return np.asarray(np.where(spread > FLAT**2, np.clip(found, -1.0, 1.0), 0.0), np.float64)


def best_lag(likeness: Signals) -> Signals:
    """Where each row ``[B, 2L + 1]`` is highest: samples in −L..L, finer by the parabola through three."""
    rows, lags = np.arange(len(likeness)), likeness.shape[1] // 2
    at = likeness.argmax(axis=1)
    inside = (at > 0) & (at < likeness.shape[1] - 1)
    before, top, after = (likeness[rows, np.clip(at + step, 0, 2 * lags)] for step in (-1, 0, 1))
    curvature = before - 2 * top + after
    bent = inside & (curvature < -FLAT)
    step = np.where(bent, 0.5 * (before - after) / np.where(bent, curvature, -1.0), 0.0)
    return np.asarray(at - lags + step, np.float64)
