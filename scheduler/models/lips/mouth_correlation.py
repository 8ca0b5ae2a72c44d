"""Lip sync without weights: how far the mouth opens, against how loud the speech is.

The area of a speaker's mouth follows the envelope of the speech, most of all at 2 to 7 Hz (Chandrasekaran,
Trubanova, Stillittano, Caplier, Ghazanfar: "The natural statistics of audiovisual speech", PLoS Computational
Biology 5(7), 2009). Both are brought to one grid of 25 a second on the sender's clock, their slow changes are
taken off, and Pearson's coefficient is taken at every lag. It tells by how much sound is late, and not
whether the mouth forms these very words; a model trained for that (SyncNet) tells both.

Nothing is learnt, so nothing is downloaded; as any model it runs in batches over all sessions.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.sound.synchrony import lagged_correlation, without_drift

from ...contract.media import SAMPLE_RATE
from ...contract.roles import FACE_MESH, LIP_SYNC, VAD
from ...core import Feeds
from ..lag_search import FPS, FULL_SCALE, LAGS, STEP
from ..outputs import LagCurve, SeenMouth
from ..registry import BuiltIn, register

STEPS = 125  # five seconds of the mouth
WINDOW = (STEPS + 2 * LAGS) * STEP
HOP = SAMPLE_RATE  # one look a second
LONGEST_GAP_S = 0.25  # between two looks at the mouth, to be bridged by a line
SEEN_ENOUGH = 0.8  # of the steps
DRIFT = 31  # steps: what changes within 1.2 s is kept
LOUDNESS = 0.5  # power of the amplitude: loud vowels do not outshout everything else
# Measured on a minute of LibriSpeech, the mouth opened by one part of it and another one heard: the best lag
# reached 0.5 in 1.5 % of single windows, and 0.35 in 0.9 % of means over eight seconds.
LIKENESS, SETTLED = 0.5, 0.35


class Correlation:
    """``lagged_correlation`` behind the ``Engine`` protocol."""

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Coefficients f64 ``[B, 31]``, and the share of steps f64 ``[B]`` at which the mouth was seen."""
        seen, weight, heard = feeds["seen"], feeds["weight"], feeds["heard"]
        steady = without_drift(heard, np.ones_like(heard), DRIFT)
        found = lagged_correlation(without_drift(seen, weight, DRIFT), weight, steady)
        return [found, weight.mean(axis=1)]


class MouthCorrelation:
    """The comparison; one output row is a ``LagCurve``, or None where the mouth was not seen enough."""

    role = LIP_SYNC
    name = "mouth_correlation"
    window = WINDOW
    hop = HOP
    fed_with = None

    def example(self, batch: int) -> Feeds:
        """Noise."""
        random = np.random.default_rng(1)
        return {
            "seen": random.normal(size=(batch, STEPS)),
            "weight": np.ones((batch, STEPS)),
            "heard": random.normal(size=(batch, STEPS + 2 * LAGS)),
        }

    def pair(self, samples: NDArray[np.int16], seen: Sequence[SeenMouth]) -> Feeds:
        """Feeds for i16 ``[B, 99200]`` samples and the mouths seen since the first of each."""
        mouths = [on_grid(mouth.times, mouth.openings) for mouth in seen]
        return {
            "seen": np.stack([mouth.values for mouth in mouths]),
            "weight": np.stack([mouth.weight for mouth in mouths]),
            "heard": envelope(samples),
        }

    def compare(
        self,
        tensors: Sequence[NDArray[Any]],
        seen: Sequence[SeenMouth],  # noqa: ARG002 - the engine counted
    ) -> list[LagCurve | None]:
        """One curve a row."""
        return [
            LagCurve(likeness, LIKENESS, SETTLED) if share >= SEEN_ENOUGH else None
            for likeness, share in zip(*tensors, strict=True)
        ]


class OnGrid(NamedTuple):
    """A mouth's openings at the middle of each step, and whether (1) or not (0) it was seen there."""

    values: NDArray[np.float64]
    weight: NDArray[np.float64]


def on_grid(times: NDArray[np.floating], openings: NDArray[np.floating]) -> OnGrid:
    """Looks f64 ``[n]``, ascending seconds since the window began → ``STEPS`` steps from step ``LAGS`` on."""
    grid = (LAGS + 0.5 + np.arange(STEPS)) / FPS
    if len(times) < 2:
        return OnGrid(np.zeros(STEPS), np.zeros(STEPS))
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    gap = times[after] - times[after - 1]
    within = (grid >= times[0]) & (grid <= times[-1]) & (gap <= LONGEST_GAP_S)
    return OnGrid(np.interp(grid, times, openings), within.astype(np.float64))


def envelope(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """How loud each step of i16 ``[B, n · 640]`` is: f64 ``[B, n]``, smoothed over three steps."""
    steps = (samples / FULL_SCALE).reshape(len(samples), -1, STEP)
    loud = np.sqrt(np.square(steps).mean(axis=2)) ** LOUDNESS
    padded = np.pad(loud, ((0, 0), (1, 1)), "edge")
    return np.asarray((padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4, np.float64)


def _built_in() -> tuple[MouthCorrelation, Correlation]:
    return MouthCorrelation(), Correlation()


register(BuiltIn(LIP_SYNC, (FACE_MESH, VAD), _built_in), "mouth_correlation")
