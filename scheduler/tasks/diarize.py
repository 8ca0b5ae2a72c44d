"""``audio_diarize``: who spoke when, by the ``diarizer`` role's model where there is one.

Without it the voice detector says when, embeddings of windows say who, one speaker at a time: where two speak
at once, the louder one is found. Speech far from the microphone is surely speech only now and then, so what
follows it without a break belongs to it at a lower probability, and a breath to the turn around it.
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
from .clustering import speaker_centres, surest_centres
from .functions import performs
from .giving_up import giving_up
from .runner import Runner
from .sound.sound import listen_to
from .sound.utterance import SPEECH, require_sound, widened

STEP = 4096  # samples (256 ms) between the middles of embedded windows
MOST_WINDOWS = 2000  # longer recordings take longer steps
AT_A_TIME = 64  # windows, so that their copies stay small
GOES_ON = 0.2  # speech that has begun goes on at this probability
BRIDGED_S = 0.192  # a pause of no more than this, whoever speaks after it
BREATH_S = 1.0  # a pause inside one speaker's turn, if it is no longer than what he says before and after
# Of a window: half of it, twice over, tells better where one speaker ends, a whole one better who it is.
CLOSER = 0.5


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
        with giving_up() as given_up:  # others wait for their recordings
            diarize = partial(diarizer.diarize, samples, payload.num_speakers, given_up)
            parts = await runner.compute(diarize)
    if not parts:
        raise NoSpeech("Nobody speaks in the sound.")
    segments = [Segment(part.speaker, round(part.start_s, 3), round(part.end_s, 3)) for part in parts]
    return AudioDiarizeReply(segments, len({part.speaker for part in parts}))


async def _cluster(samples: NDArray[np.int16], speakers: int | None, runner: Runner) -> list[SpokenPart]:
    """Parts in order of time, by the voice detector and the speaker embedder; empty if nobody speaks."""
    hop = runner.model(VAD).hop
    voices = await runner.infer_sequence(VAD, samples)
    surely = bridged(np.array([voice.speech >= SPEECH for voice in voices], np.bool_), hop)
    if not surely.any():
        return []
    middles = window_middles(surely, hop)
    windows = await _embed(samples, middles, runner)
    closer = await _embed(samples, middles, runner, CLOSER)
    return await runner.compute(partial(_parts, spoken(voices, hop), hop, middles, windows, closer, speakers))


def _parts(
    speech: NDArray[np.bool_],
    hop: int,
    middles: NDArray[np.intp],
    windows: NDArray[np.float32],
    closer: NDArray[np.float32],
    speakers: int | None,
) -> list[SpokenPart]:
    centres = surest_centres(windows, speaker_centres(windows, speakers))
    turns = find_turns(speech, hop, middles, (windows + closer) @ centres.T)
    second = SAMPLE_RATE / hop
    return [
        SpokenPart(f"SPEAKER_{turn.speaker:02d}", turn.first / second, turn.last / second)
        for turn in with_breaths(turns, round(BREATH_S * second))
    ]


def bridged(speech: NDArray[np.bool_], hop: int) -> NDArray[np.bool_]:
    """The same with short pauses filled; one place for every ``hop`` samples."""
    reach = round(BRIDGED_S / 2 * SAMPLE_RATE / hop)
    return ~widened(~widened(speech, reach), reach)


def spoken(voices: Sequence[VoiceActivity], hop: int) -> NDArray[np.bool_]:
    """Which of the detector's outputs are speech: surely, or in one stretch with what surely is.

    One output more at either end: soft beginnings and ends belong to it.
    """
    likely = np.array([voice.speech >= GOES_ON for voice in voices], np.bool_)
    stretch = np.cumsum(np.diff(likely, prepend=False))
    best = np.zeros(len(voices) + 1)
    np.maximum.at(best, stretch, [voice.speech for voice in voices])
    return widened(bridged(likely & (best[stretch] >= SPEECH), hop), 1)


def window_middles(speech: NDArray[np.bool_], hop: int) -> NDArray[np.intp]:
    """Samples about which to embed a window: a step apart, inside speech; one at least if there is any."""
    step = max(STEP, -(-len(speech) * hop // MOST_WINDOWS))
    middles = np.arange(0, len(speech) * hop, step, dtype=np.intp)
    inside = middles[speech[middles // hop]]
    return inside if len(inside) else np.flatnonzero(speech)[:1] * hop


def find_turns(
    speech: NDArray[np.bool_], hop: int, middles: NDArray[np.intp], likeness: NDArray[np.floating]
) -> list[Turn]:
    """Give each detector output that is speech to the speaker it is most like.

    ``likeness``: ``[len(middles), speakers]``. Between two of them it lies on a line.
    """
    at = np.flatnonzero(speech)
    who = np.stack([np.interp(at * hop + hop // 2, middles, column) for column in likeness.T]).argmax(axis=0)
    turns: list[Turn] = []
    numbers: dict[int, int] = {}
    for window, label in zip(at.tolist(), who.tolist(), strict=True):
        speaker = numbers.setdefault(label, len(numbers))
        if turns and turns[-1].speaker == speaker and turns[-1].last == window:
            turns[-1] = turns[-1]._replace(last=window + 1)
        else:
            turns.append(Turn(speaker, window, window + 1))
    return turns


def with_breaths(turns: Sequence[Turn], longest: int) -> list[Turn]:
    """The same, one speaker's turns joined over pauses no longer than ``longest`` nor than either of them."""
    joined: list[Turn] = []
    for turn in turns:
        before = joined[-1] if joined else None
        if before and before.speaker == turn.speaker:
            shorter = min(before.last - before.first, turn.last - turn.first)
            if turn.first - before.last <= min(longest, shorter):
                joined[-1] = before._replace(last=turn.last)
                continue
        joined.append(turn)
    return joined


async def _embed(
    samples: NDArray[np.int16], middles: NDArray[np.intp], runner: Runner, share: float = 1.0
) -> NDArray[np.float32]:
    """Embeddings f32 ``[middles, size]`` of the windows about these samples.

    ``share``: of a window, the middle of which is said over and over to fill it.
    """
    window = runner.model(SPEAKER_EMBEDDER).window
    length = round(share * window)
    padded = np.pad(samples, (length // 2, window))
    views = np.lib.stride_tricks.sliding_window_view(padded, length)
    filled = np.arange(window) % length
    prints: list[VoicePrint] = []
    for begin in range(0, len(middles), AT_A_TIME):
        rows = views[middles[begin : begin + AT_A_TIME]][:, filled]
        prints += await runner.infer_windows(SPEAKER_EMBEDDER, rows)
    return np.stack([each.embedding for each in prints])
