"""``audio_diarize``: who spoke when, by the ``diarizer`` role's model where there is one.

Without it the voice detector says when, embeddings of short windows say who, one speaker at a time: where two
speak at once, the louder one is found.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..contract.errors import ModelUnavailable, NoSpeech
from ..contract.media import SAMPLE_RATE
from ..contract.roles import DIARIZER, SPEAKER_EMBEDDER, VAD
from ..contract.tasks.voices import AUDIO_DIARIZE, AudioDiarize, AudioDiarizeReply, Segment
from ..models.outputs import SpokenPart, VoiceActivity, VoicePrint
from ..models.roles import Diarizer
from .clustering import speaker_centres
from .functions import performs
from .runner import Runner
from .sound.sound import listen_to
from .sound.utterance import SPEECH, require_sound, widened

STEP = 4096  # samples (256 ms) between the middles of embedded windows
MOST_WINDOWS = 4000  # longer recordings take longer steps
AT_A_TIME = 64  # windows, so that their copies stay small
BRIDGED_S = 0.192  # a pause of no more than this


class Turn(NamedTuple):
    """Detector outputs from ``first`` up to ``last`` (exclusive) are ``speaker``'s."""

    speaker: int
    first: int
    last: int


@performs(AUDIO_DIARIZE)
async def audio_diarize(payload: AudioDiarize, runner: Runner) -> AudioDiarizeReply:
    """The parts of the sound, and who speaks in each.

    Raises:
        ServiceError: ``bad_audio``, ``audio_too_long``, ``too_short``, ``no_speech``, or the runner's own.
    """
    samples = await listen_to(payload.audio_b64, payload.sample_rate, runner)
    require_sound(samples)
    try:
        diarizer: Diarizer = runner.model(DIARIZER)
    except ModelUnavailable:
        parts = await _cluster(samples, payload.num_speakers, runner)
    else:
        parts = await runner.compute(partial(diarizer.diarize, samples, payload.num_speakers))
    if not parts:
        raise NoSpeech("Nobody speaks in the sound.")
    segments = [Segment(part.speaker, round(part.start_s, 3), round(part.end_s, 3)) for part in parts]
    return AudioDiarizeReply(segments, len({part.speaker for part in parts}))


async def _cluster(samples: NDArray[np.int16], speakers: int | None, runner: Runner) -> list[SpokenPart]:
    """Parts in order of time, by the voice detector and the speaker embedder; empty if nobody speaks."""
    hop = runner.model(VAD).hop
    speech = speech_mask(await runner.infer_sequence(VAD, samples), hop)
    if not speech.any():
        return []
    middles = window_middles(speech, hop)
    windows = await _embed(samples, middles, runner)
    turns = await runner.compute(partial(find_turns, speech, hop, middles, windows, speakers))
    second = SAMPLE_RATE / hop
    return [
        SpokenPart(f"SPEAKER_{turn.speaker:02d}", turn.first / second, turn.last / second) for turn in turns
    ]


def speech_mask(voices: Sequence[VoiceActivity], hop: int) -> NDArray[np.bool_]:
    """Which of the detector's outputs, one for every ``hop`` samples, are speech, pauses bridged."""
    speech = np.array([voice.speech >= SPEECH for voice in voices], np.bool_)
    reach = round(BRIDGED_S / 2 * SAMPLE_RATE / hop)
    return ~widened(~widened(speech, reach), reach)


def window_middles(speech: NDArray[np.bool_], hop: int) -> NDArray[np.intp]:
    """Samples about which to embed a window: a step apart, inside speech; one at least if there is any."""
    step = max(STEP, -(-len(speech) * hop // MOST_WINDOWS))
    middles = np.arange(0, len(speech) * hop, step, dtype=np.intp)
    spoken = middles[speech[middles // hop]]
    return spoken if len(spoken) else np.flatnonzero(speech)[:1] * hop


def find_turns(
    speech: NDArray[np.bool_],
    hop: int,
    middles: NDArray[np.intp],
    windows: NDArray[np.float32],
    speakers: int | None,
) -> list[Turn]:
    """Give each detector output that is speech to the speaker it is most like.

    ``windows``: f32 ``[len(middles), size]``. Between two of them the likeness lies on a line.
    """
    likeness = windows @ speaker_centres(windows, speakers).T
    spoken = np.flatnonzero(speech)
    at = spoken * hop + hop // 2
    who = np.stack([np.interp(at, middles, column) for column in likeness.T]).argmax(axis=0)
    turns: list[Turn] = []
    numbers: dict[int, int] = {}
    for window, label in zip(spoken.tolist(), who.tolist(), strict=True):
        speaker = numbers.setdefault(label, len(numbers))
        if turns and turns[-1].speaker == speaker and turns[-1].last == window:
            turns[-1] = turns[-1]._replace(last=window + 1)
        else:
            turns.append(Turn(speaker, window, window + 1))
    return turns


async def _embed(
    samples: NDArray[np.int16], middles: NDArray[np.intp], runner: Runner
) -> NDArray[np.float32]:
    """Embeddings f32 ``[middles, size]`` of the windows about these samples."""
    window = runner.model(SPEAKER_EMBEDDER).window
    padded = np.pad(samples, (window // 2, window))
    views = np.lib.stride_tricks.sliding_window_view(padded, window)
    prints: list[VoicePrint] = []
    for begin in range(0, len(middles), AT_A_TIME):
        prints += await runner.infer_windows(SPEAKER_EMBEDDER, views[middles[begin : begin + AT_A_TIME]])
    return np.stack([each.embedding for each in prints])
