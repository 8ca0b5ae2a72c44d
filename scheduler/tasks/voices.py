"""Tasks about one voice: to enrol it, and to verify that it is the one enrolled."""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..calibrations import same_person
from ..contract.roles import SPEAKER_EMBEDDER, VAD
from ..contract.tasks.voices import (
    AUDIO_ENROLL,
    AUDIO_VERIFY,
    AudioEnroll,
    AudioEnrollReply,
    AudioVerify,
    AudioVerifyReply,
)
from ..embeddings import centre, from_wire, to_wire, verdict
from ..models.outputs import VoicePrint
from .functions import performs
from .runner import Runner
from .sound.sound import listen_to
from .sound.utterance import Utterance, cut, require_sound, utterance
from .sound.voice_quality import voice_quality


class HeardVoice(NamedTuple):
    """What of a recording is speech, and an embedding f32 of length 1 for each window of it."""

    heard: Utterance
    windows: list[NDArray[np.float32]]


@performs(AUDIO_ENROLL)
async def audio_enroll(payload: AudioEnroll, runner: Runner) -> AudioEnrollReply:
    """The embedding of the voice, and how good it is (see ``voice_quality.py``).

    Raises:
        ServiceError: ``bad_audio``, ``audio_too_long``, ``too_short``, ``no_speech``, or the runner's own.
    """
    heard, windows = await hear_voice(payload.audio_b64, payload.sample_rate, runner)
    model = runner.model(SPEAKER_EMBEDDER)
    quality = voice_quality(heard, windows, model.threshold)
    return AudioEnrollReply(
        embedding_b64=to_wire(centre(windows)),
        model=model.name,
        quality_score=round(quality.score, 3),
        speech_s=round(heard.speech_s, 2),
        snr_db=round(heard.snr_db, 1),
        clipped=round(heard.clipped, 5),
        consistency=round(quality.consistency, 3),
    )


@performs(AUDIO_VERIFY)
async def audio_verify(payload: AudioVerify, runner: Runner) -> AudioVerifyReply:
    """Compare the voice with the reference.

    Raises:
        ServiceError: as ``audio_enroll``; ``embedding_size`` or ``embedding_model``
            for a reference that is not this model's.
    """
    model = runner.model(SPEAKER_EMBEDDER)
    reference = from_wire(
        payload.reference_embedding_b64, model.embedding_size, model.name, payload.reference_model
    )
    voice = await hear_voice(payload.audio_b64, payload.sample_rate, runner)
    threshold = model.threshold if payload.threshold is None else payload.threshold
    found = verdict(centre(voice.windows), reference, threshold)
    return AudioVerifyReply(
        *found, round(voice.heard.speech_s, 2), probability=same_person(model.name, found.score)
    )


async def hear_voice(audio: bytes, rate: int | None, runner: Runner) -> HeardVoice:
    """The voice of an encoded recording.

    Raises:
        ServiceError: ``bad_audio``, ``audio_too_long``, ``too_short``, ``no_speech``, or the runner's own.
    """
    model = runner.model(SPEAKER_EMBEDDER)
    samples = await listen_to(audio, rate, runner)
    require_sound(samples)
    voices = await runner.infer_sequence(VAD, samples)
    heard = await runner.compute(partial(utterance, samples, voices, runner.model(VAD).hop))
    prints: list[VoicePrint] = await runner.infer_windows(
        SPEAKER_EMBEDDER, cut(heard.samples, model.window, model.hop)
    )
    return HeardVoice(heard, [each.embedding for each in prints])
