"""A caller's sound to 16 kHz mono samples: any container of ``containers.py``, or raw s16 mono.

Raw samples look like nothing, so only what looks like no other file is taken for them. A WAV of plain
samples, its header mended, is decoded here; whatever is coded, in a process of its own.
"""

from collections.abc import Callable
from functools import partial

import av
import numpy as np

from argusd.kernels.file_kinds import file_kind

from ...contract.errors import BadAudio
from ...contract.media import SAMPLE_RATE
from ..decoders import refusing
from ..giving_up import giving_up
from ..runner import Runner
from . import decoding, wav
from .apart import decode_apart
from .containers import DEMUXERS, WAVES
from .decoding import Samples
from .recording import decode_recording, joined

TO_SEND = "send WAV, FLAC, Ogg, WebM, MP3, M4A or AAC, or raw s16 samples with the field sample_rate"


async def listen_to(audio: bytes, rate: int | None, runner: Runner) -> Samples:
    """``decode_sound`` beside the loop, no longer than somebody waits for it.

    Raises:
        ServiceError: ``bad_audio``, ``audio_too_long``, or the runner's own.
    """
    with giving_up() as given_up:
        return await runner.compute(partial(decode_sound, audio, rate, given_up))


def never() -> bool:
    """For who waits to the end."""
    return False


def decode_sound(data: bytes, rate: int | None, given_up: Callable[[], bool] = never) -> Samples:
    """Decode to i16 ``[samples]`` at 16 kHz, mono. Takes its time: not for the loop.

    ``rate``: of raw samples, Hz; beside a container that has one it must be the container's own.

    Raises:
        DeadlineExceeded: it was given up.
        BadAudio: it is none of the formats, damaged, cut off, empty, or of another rate than said.
        AudioTooLong: it lasts longer than ``decoding.MAX_SECONDS``.
    """
    with refusing(BadAudio("The sound cannot be decoded.")):
        samples = _decode(data, rate, given_up)
    if not len(samples):
        raise BadAudio("The sound is empty.")
    return samples


def _decode(data: bytes, rate: int | None, given_up: Callable[[], bool]) -> Samples:
    kind = file_kind(data)
    if kind is not None:
        return _decode_container(data, kind, rate, given_up)
    if rate is not None:
        return _decode_raw(data, rate)
    raise BadAudio(f"The sound is of no format that is known here; {TO_SEND}.")


def _decode_raw(data: bytes, rate: int) -> Samples:
    if len(data) % 2:
        raise BadAudio("Raw samples are 16 bits each; the sound has an odd number of bytes.")
    samples = np.frombuffer(data, "<i2").astype(np.int16)
    if len(samples) > decoding.MAX_SECONDS * rate:
        raise decoding.too_long()
    if rate == SAMPLE_RATE or not len(samples):
        return samples
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.sample_rate = rate
    return joined(decoding.resampled(iter([frame]), None))


def _decode_container(data: bytes, kind: str, rate: int | None, given_up: Callable[[], bool]) -> Samples:
    if kind not in DEMUXERS:
        raise BadAudio(f"The sound is {kind}, which is not decoded here; {TO_SEND}.")
    if kind in WAVES:
        data = wav.mended(data)
        if wav.plain(data):
            return decode_recording(data, kind, rate)
    return decode_apart(data, kind, rate, given_up)
