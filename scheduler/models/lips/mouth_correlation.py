"""Lip sync without weights: how quickly the mouth opens, against how quickly the speech's upper bands swell.

The opening of a speaker's mouth follows the envelope of the speech, most of all in the region of the second
formant and above (Grant and Seitz: "The use of visible speech cues for improving auditory detection of spoken
sentences", JASA 108(3), 2000; Chandrasekaran et al.: "The natural statistics of audiovisual speech", PLoS
Computational Biology 5(7), 2009): the lowest band is loud behind closed lips too, in an m as in a murmur.
Both are brought to one grid of 25 a second on the sender's clock, and Pearson's coefficient of their changes
from step to step is taken at every lag; levels themselves swing too slowly to tell one lag from the next. It
tells by how much sound is late, and not whether the mouth forms these very words; a model trained for that
(SyncNet) tells both.

Nothing is learnt, so nothing is downloaded; as any model it runs in batches over all sessions.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.sound.mel import hann, power_spectra
from argusd.kernels.sound.synchrony import lagged_correlation

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
BANDS_HZ = ((1000, 3000), (3000, 7500))
LOUDNESS = 0.25  # power of a band's power: loud vowels do not outshout everything else
# Of one window by chance the coefficients at a lag spread by 0.113; this is four and a half times as much. In
# 2.4 hours of twenty real mouths with other people's speech no lag reached what that is of longer stretches.
LIKENESS, SETTLED = 0.5, 0.14


class Correlation:
    """``lagged_correlation`` behind the ``Engine`` protocol."""

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Coefficients f64 ``[B, 31]``, and the share of steps f64 ``[B]`` at which the mouth was seen."""
        weight, heard = feeds["weight"], feeds["heard"]
        seen = changes(feeds["seen"])
        both = np.minimum(np.roll(weight, 1, axis=1), np.roll(weight, -1, axis=1))
        both[:, [0, -1]] = weight[:, [0, -1]]
        found = [lagged_correlation(seen, both, changes(heard[:, band])) for band in range(heard.shape[1])]
        return [np.mean(found, axis=0), weight.mean(axis=1)]


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
            "heard": random.normal(size=(batch, len(BANDS_HZ), STEPS + 2 * LAGS)),
        }

    def pair(self, samples: NDArray[np.int16], seen: Sequence[SeenMouth]) -> Feeds:
        """Feeds for i16 ``[B, 99200]`` samples and the mouths seen since the first of each."""
        mouths = [on_grid(mouth.times, mouth.openings) for mouth in seen]
        return {
            "seen": np.stack([mouth.values for mouth in mouths]),
            "weight": np.stack([mouth.weight for mouth in mouths]),
            "heard": band_levels(samples),
        }

    def compare(
        self,
        tensors: Sequence[NDArray[Any]],
        seen: Sequence[SeenMouth],  # noqa: ARG002 - the engine counted
    ) -> list[LagCurve | None]:
        """One curve a row."""
        return [
            LagCurve(likeness, LIKENESS, SETTLED, STEPS / FPS) if share >= SEEN_ENOUGH else None
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


def band_levels(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """How loud each band is in each step of i16 ``[B, n · 640]``: f64 ``[B, 2, n]``, smoothed over three."""
    sound = samples.astype(np.float32) / np.float32(FULL_SCALE)
    power = power_spectra(sound.reshape(len(samples), -1, STEP), hann(STEP))
    line_hz = SAMPLE_RATE / STEP
    levels = [power[..., round(low / line_hz) : round(high / line_hz)].sum(axis=2) for low, high in BANDS_HZ]
    loud = np.stack(levels, axis=1).astype(np.float64) ** LOUDNESS
    padded = np.pad(loud, ((0, 0), (0, 0), (1, 1)), "edge")
    return np.asarray((padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]) / 4, np.float64)


def changes(signals: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the step before to the step after each of ``[B, N]``, at the ends from or to themselves."""
    padded = np.pad(signals, ((0, 0), (1, 1)), "edge")
    return np.asarray(padded[:, 2:] - padded[:, :-2], np.float64)


def _built_in() -> tuple[MouthCorrelation, Correlation]:
    return MouthCorrelation(), Correlation()


register(BuiltIn(LIP_SYNC, (FACE_MESH, VAD), _built_in), "mouth_correlation")
