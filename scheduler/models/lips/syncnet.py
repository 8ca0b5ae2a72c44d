"""SyncNet as Wav2Lip trained it: whether five pictures of a mouth and 0.2 s of sound belong together.

Chung and Zisserman, "Out of time: automated lip sync in the wild", ACCV workshops 2016; Prajwal et al., ACM
Multimedia 2020 (arXiv:2008.10010), ``SyncNet_color``, trained on LRS2 so that the cosine of two embeddings
is the probability that they are in sync.

Inputs: ``faces`` f32 ``[·, 15, 48, 96]``, five lower faces at 25 frames a second, BGR in 0..1, one after the
other on the channels; ``mels`` f32 ``[·, 1, 80, 16]``, Wav2Lip's mel spectrum of the 0.2 s that begin with
the first of them. Outputs: f32 ``[·, 512]`` each, never negative, so cosines lie in 0..1.

Of two seconds six moments of the mouth are compared with the sound at every lag, and the means over the six
are what is told; SyncNet's authors average over a whole recording.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.sound.mel import hann, mel_bands, power_spectra, to_frames

from ...contract.media import SAMPLE_RATE
from ...contract.roles import LIP_CROPS, LIP_SYNC
from ...core import Feeds
from ..lag_search import FPS, FULL_SCALE, LAGS, STEP
from ..outputs import LagCurve, SeenMouth, unit_rows
from ..registry import Graph, register

# Wav2Lip's hparams.py.
N_FFT, MEL_HOP, BANDS, LOW_HZ, HIGH_HZ = 800, 200, 80, 55.0, 7600.0
PREEMPHASIS = 0.97
LEAST_DB, REFERENCE_DB, MOST = -100.0, 20.0, 4.0
PICTURES, MELS = 5, 16  # that belong together: 0.2 s

MOMENTS, APART = 6, 8  # steps from one moment of the mouth to the next
SOUNDS = 2 * LAGS + (MOMENTS - 1) * APART + 1
FIRST = STEP  # the sample at which step 0 begins: the first spectrum reaches back from there
WINDOW = 77 * STEP
HOP = 2 * SAMPLE_RATE
LASTS_S = MOMENTS * APART / FPS  # of the mouth
NEAREST_S = 0.022  # a picture stands for a step if it is so near: cameras of 24 frames a second or more
SEEN_ENOUGH = 3  # moments


def first_spectrum(step: int) -> int:
    """The spectrum that the sound of a step begins with, as Wav2Lip's training counts them."""
    return int(SAMPLE_RATE / MEL_HOP * (step / FPS))


SPECTRA = first_spectrum(SOUNDS - 1) + MELS
# What training calls in sync; not measured on the published weights yet.
LIKENESS = 0.5


class SyncNet:
    """The comparison; one output row is a ``LagCurve``, or None where pictures are missing."""

    role = LIP_SYNC
    window = WINDOW
    hop = HOP
    fed_with = LIP_CROPS

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Grey faces in silence."""
        return {
            "faces": np.full((batch * MOMENTS, 3 * PICTURES, 48, 96), 0.5, np.float32),
            "mels": np.full((batch * SOUNDS, 1, BANDS, MELS), -MOST, np.float32),
        }

    def pair(self, samples: NDArray[np.int16], seen: Sequence[SeenMouth]) -> Feeds:
        """Feeds for i16 ``[B, 49280]`` samples and the mouths seen since the first of each."""
        faces = np.zeros((len(seen), MOMENTS, 3 * PICTURES, 48, 96), np.float32)
        for row, mouth in zip(faces, seen, strict=True):
            for moment, pictures in chosen(mouth.crop_times).items():
                row[moment] = stacked(mouth.crops[pictures])
        return {"faces": faces.reshape(-1, 3 * PICTURES, 48, 96), "mels": windows(mels(samples))}

    def compare(self, tensors: Sequence[NDArray[Any]], seen: Sequence[SeenMouth]) -> list[LagCurve | None]:
        """One curve a row."""
        faces, sounds = (unit_rows(tensor).reshape(len(seen), -1, tensor.shape[1]) for tensor in tensors)
        curves: list[LagCurve | None] = []
        for face, sound, mouth in zip(faces, sounds, seen, strict=True):
            found = sorted(chosen(mouth.crop_times))
            enough = len(found) >= SEEN_ENOUGH
            curves.append(
                LagCurve(likeness(face[found], sound, found), LIKENESS, LIKENESS, LASTS_S) if enough else None
            )
        return curves


def likeness(
    faces: NDArray[np.float32], sounds: NDArray[np.float32], moments: Sequence[int]
) -> NDArray[np.float64]:
    """Faces f32 ``[n, 512]`` of these moments against all sounds f32 ``[SOUNDS, 512]``: means, by lag."""
    heard = sounds[np.array(moments)[:, None] * APART + np.arange(2 * LAGS + 1)]  # [n, lags, 512]
    return np.asarray(np.einsum("nd,nld->nl", faces, heard).mean(axis=0), np.float64)


def chosen(times: NDArray[np.floating]) -> dict[int, list[int]]:
    """Moments that have all their pictures, and which of those at ``times`` (ascending) they are."""
    steps = (np.arange(MOMENTS)[:, None] * APART + LAGS + np.arange(PICTURES)) / FPS + FIRST / SAMPLE_RATE
    if not len(times):
        return {}
    after = np.searchsorted(times, steps).clip(1, max(1, len(times) - 1))
    before = after - 1
    after = after.clip(max=len(times) - 1)
    nearest = np.where(steps - times[before] <= times[after] - steps, before, after)
    near = (np.abs(times[nearest] - steps) <= NEAREST_S).all(axis=1)
    return {int(moment): nearest[moment].tolist() for moment in np.flatnonzero(near)}


def stacked(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """u8 BGR ``[5, 48, 96, 3]`` → f32 ``[15, 48, 96]`` in 0..1: B, G, R of the first, of the second, …"""
    return np.asarray(pictures.transpose(0, 3, 1, 2).reshape(-1, 48, 96) / np.float32(255), np.float32)


def mels(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Wav2Lip's mel spectra of i16 ``[B, WINDOW]``, f32 ``[B, SPECTRA, 80]`` in −4..4, from step 0 on.

    Spectrum j is centred on sample ``FIRST + 200 j``.
    """
    sound = samples[:, FIRST - N_FFT // 2 - 1 :].astype(np.float32) / np.float32(FULL_SCALE)
    sharp = sound[:, 1:] - np.float32(PREEMPHASIS) * sound[:, :-1]
    magnitudes = np.sqrt(power_spectra(to_frames(sharp, N_FFT, MEL_HOP)[:, :SPECTRA], hann(N_FFT)))
    loud = np.maximum(
        magnitudes @ mel_bands(SAMPLE_RATE, N_FFT, BANDS, LOW_HZ, HIGH_HZ), 10 ** (LEAST_DB / 20)
    )
    level = 20 * np.log10(loud) - REFERENCE_DB
    return np.asarray(np.clip(2 * MOST * (level - LEAST_DB) / -LEAST_DB - MOST, -MOST, MOST), np.float32)


def windows(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """``[B, SPECTRA, 80]`` → ``[B · SOUNDS, 1, 80, 16]``, one window for each step."""
    return spectra[:, window_indices()].transpose(0, 1, 3, 2).reshape(-1, 1, BANDS, MELS)


@cache
def window_indices() -> NDArray[np.intp]:
    """The spectra of each step's window, ``[SOUNDS, 16]``."""
    first = np.array([first_spectrum(step) for step in range(SOUNDS)], np.intp)
    return first[:, None] + np.arange(MELS)


register(Graph(SyncNet), "syncnet")
