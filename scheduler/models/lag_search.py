"""What models of lip sync have in common: one grid of 25 steps a second, and a search over lags.

The search goes 15 frames either way, as SyncNet's does (Chung and Zisserman: "Out of time: automated lip sync
in the wild", ACCV workshops 2016). A lag is positive where sound is late.
"""

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.sound.synchrony import best_lag

from ..contract.media import SAMPLE_RATE
from .outputs import SyncEstimate

FPS = 25
STEP = SAMPLE_RATE // FPS  # samples
LAGS = 15
FULL_SCALE = 32768
# Steps that nobody notices: sound may be late by 125 ms (ITU-R BT.1359-1).
IN_SYNC = 3


def estimate(likeness: NDArray[np.floating]) -> SyncEstimate:
    """What likeness f64 ``[2 · LAGS + 1]`` over lags tells."""
    near = likeness[LAGS - IN_SYNC : LAGS + IN_SYNC + 1]
    [lag] = best_lag(likeness[None].astype(np.float64))
    return SyncEstimate(
        offset_ms=1000 * float(lag) / FPS,
        score=float(np.clip(near.max(), 0, 1)),
        peak=float(np.clip(likeness.max(), 0, 1)),
    )
