"""How good a recording is for enrolling a voice: as good as its worst property.

Each property is scored 0..1 on a line between two anchors, all of them our own choice, set on read speech:

    speech       0 s …    6 s     about eight windows of the embedder; more changes little
    noise        0 dB …   15 dB   speech over noise
    clipping     1 % …    0 %     of the samples at the converter's limit
    consistency  a voice's threshold … half-way from there to 1: the mean likeness of the windows to their
                 centre; several speakers, music or an echo lower it
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...embeddings import centre
from .utterance import Utterance

ENOUGH_SPEECH_S = 6.0
QUIET_DB = 15.0
TOO_CLIPPED = 0.01


class VoiceQuality(NamedTuple):
    """``score`` and ``consistency`` 0..1; the other figures are the utterance's."""

    score: float
    consistency: float


def voice_quality(heard: Utterance, windows: Sequence[NDArray[np.float32]], threshold: float) -> VoiceQuality:
    """Judge a recording by its speech and by the embeddings of its windows."""
    consistency = float((np.stack(windows) @ centre(windows)).mean())
    score = min(
        _between(heard.speech_s, 0.0, ENOUGH_SPEECH_S),
        _between(heard.snr_db, 0.0, QUIET_DB),
        _between(heard.clipped, TOO_CLIPPED, 0.0),
        _between(consistency, threshold, (1 + threshold) / 2),
    )
    return VoiceQuality(score, consistency)


def _between(value: float, worst: float, best: float) -> float:
    return min(1.0, max(0.0, (value - worst) / (best - worst)))
