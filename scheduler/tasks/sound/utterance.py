"""What of a recording is speech, and how well it was recorded. Pure: the voice detector has listened."""

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...contract.errors import NoSpeech, TooShort
from ...contract.media import SAMPLE_RATE
from ...models.outputs import VoiceActivity

SPEECH = 0.5  # the detector's own threshold
MARGIN_S = 0.096  # kept around speech: soft beginnings and ends belong to it
MIN_SOUND_S = 0.4
MIN_SPEECH_S = 0.5
CLIPPED = 32_700  # a sample this large has met the converter's limit
FILLED = 0.75  # of a window, so that it counts; Resemblyzer's choice


class Utterance(NamedTuple):
    """``samples``: i16 16 kHz, pauses left out. ``clipped``: the share of samples at the limit."""

    samples: NDArray[np.int16]
    speech_s: float
    snr_db: float
    clipped: float


def require_sound(samples: NDArray[np.int16]) -> None:
    """Refuse what is too short to listen to.

    Raises:
        TooShort: it is.
    """
    seconds = len(samples) / SAMPLE_RATE
    if seconds < MIN_SOUND_S:
        raise TooShort(f"The sound lasts {seconds:.2f} s; a voice needs {MIN_SOUND_S} s at least.")


def utterance(samples: NDArray[np.int16], voices: Sequence[VoiceActivity], hop: int) -> Utterance:
    """The speech of i16 16 kHz ``samples``, given the detector's output for every ``hop`` of them.

    Raises:
        NoSpeech: there is none.
        TooShort: there is too little to tell a voice from.
    """
    speech = np.array([voice.speech >= SPEECH for voice in voices])
    if not speech.any():
        raise NoSpeech("Nobody speaks in the sound.")
    seconds = float(speech.sum()) * hop / SAMPLE_RATE
    if seconds < MIN_SPEECH_S:
        raise TooShort(f"The sound has {seconds:.2f} s of speech; a voice needs {MIN_SPEECH_S} s at least.")
    around = widened(speech, round(MARGIN_S * SAMPLE_RATE / hop))
    kept = np.repeat(around, hop)
    clipped = float((np.abs(samples.astype(np.int32)) >= CLIPPED).mean())
    return Utterance(samples[: len(kept)][kept], seconds, _snr_db(speech, around, voices), clipped)


def cut(samples: NDArray[np.int16], window: int, hop: int) -> NDArray[np.int16]:
    """Windows i16 ``[N, window]``, one every ``hop`` samples, N at least 1.

    Zeros fill the last one; it counts only if enough of it is sound.
    """
    count = 1 + max(0, -(-(len(samples) - window) // hop))
    if count > 1 and len(samples) - (count - 1) * hop < FILLED * window:
        count -= 1
    padded = np.pad(samples, (0, max(0, (count - 1) * hop + window - len(samples))))
    return np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:count]


def widened(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Whether one that is no more than ``by`` places away is true."""
    return np.convolve(mask, np.ones(2 * by + 1))[by : by + len(mask)] > 0


def _snr_db(speech: NDArray[np.bool_], around: NDArray[np.bool_], voices: Sequence[VoiceActivity]) -> float:
    """Speech over noise, from the mean power of windows with speech and of those well away from it.

    Without pauses the quietest tenth of the windows stands for the noise, so the ratio is too low rather
    than too high.
    """
    power = np.array([voice.rms**2 for voice in voices])
    pauses = power[~around]
    noise = pauses.mean() if len(pauses) else np.quantile(power, 0.1)
    floor = 1 / (12 * 32768**2)  # what rounding to 16 bits adds, whatever was recorded
    clean = max(float(power[speech].mean() - noise), floor)
    return 10 * log10(clean / max(float(noise), floor))
