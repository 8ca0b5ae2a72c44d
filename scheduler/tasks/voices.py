"""Tasks about one voice: to enrol it, and to verify that it is the one enrolled."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..contract.payloads import AudioEnroll, AudioVerify
from ..models.outputs import VoicePrint
from .embeddings import centre, from_wire, to_wire, verdict
from .runner import Runner
from .sound.sound import listen_to
from .sound.utterance import Utterance, cut, require_sound, utterance
from .sound.voice_quality import voice_quality

VAD, EMBEDDER = "vad", "speaker_embedder"
VOICE_ROLES = (VAD, EMBEDDER)


class HeardVoice(NamedTuple):
    """What of a recording is speech, and an embedding f32 of length 1 for each window of it."""

    heard: Utterance
    windows: list[NDArray[np.float32]]


async def audio_enroll(payload: AudioEnroll, runner: Runner) -> dict[str, Any]:
    """``embedding_b64``, the ``model`` that made it, ``quality_score`` (0..1, see ``voice_quality.py``) and
    the figures behind it.

    Raises:
        ServiceError: ``bad_audio``, ``audio_too_long``, ``too_short``, ``no_speech``, or the runner's own.
    """
    heard, windows = await hear_voice(payload.audio_b64, payload.sample_rate, runner)
    model = runner.model(EMBEDDER)
    quality = voice_quality(heard, windows, model.threshold)
    return {
        "embedding_b64": to_wire(centre(windows)),
        "model": model.name,
        "quality_score": round(quality.score, 3),
        "speech_s": round(heard.speech_s, 2),
        "snr_db": round(heard.snr_db, 1),
        "clipped": round(heard.clipped, 5),
        "consistency": round(quality.consistency, 3),
    }


async def audio_verify(payload: AudioVerify, runner: Runner) -> dict[str, Any]:
    """``match``, ``score``, ``confidence`` and ``threshold`` (see ``verdict``), and ``speech_s``.

    Raises:
        ServiceError: as ``audio_enroll``; ``embedding_size`` or ``embedding_model``
            for a reference that is not this model's.
    """
    model = runner.model(EMBEDDER)
    reference = from_wire(
        payload.reference_embedding_b64, model.embedding_size, model.name, payload.reference_model
    )
    voice = await hear_voice(payload.audio_b64, payload.sample_rate, runner)
    threshold = model.threshold if payload.threshold is None else payload.threshold
    found = verdict(centre(voice.windows), reference, threshold)
    return found | {"speech_s": round(voice.heard.speech_s, 2)}


async def hear_voice(audio: bytes, rate: int | None, runner: Runner) -> HeardVoice:
    """The voice of an encoded recording.

    Raises:
        ServiceError: ``bad_audio``, ``audio_too_long``, ``too_short``, ``no_speech``, or the runner's own.
    """
    model = runner.model(EMBEDDER)
    samples = await listen_to(audio, rate, runner)
    require_sound(samples)
    voices = await runner.infer_sequence(VAD, samples)
    heard = await runner.compute(partial(utterance, samples, voices))
    prints: list[VoicePrint] = await runner.infer_windows(
        EMBEDDER, cut(heard.samples, model.window, model.hop)
    )
    return HeardVoice(heard, [each.embedding for each in prints])
