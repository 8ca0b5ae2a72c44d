"""A caller's sound to 16 kHz mono samples: WAV, FLAC, OGG (Opus, Vorbis, FLAC), or raw s16 mono.

A container is known by its first bytes and opened as nothing else, so that of FFmpeg's hundreds of demuxers
only these three ever read what a caller sent. Decoding stops at ``MAX_SECONDS``, whatever a header says.
"""

import io
from collections.abc import Iterator

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from .errors import AudioTooLong, BadAudio

SAMPLE_RATE = 16_000
MAX_SECONDS = 1800
CODECS = {
    "wav": ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_alaw", "pcm_mulaw"),
    "flac": ("flac",),
    "ogg": ("opus", "vorbis", "flac"),
}
UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # of a WAV that was written to a pipe

Samples = NDArray[np.int16]


def decode_sound(data: bytes, rate: int | None) -> Samples:
    """Decode to i16 ``[samples]`` at 16 kHz, mono. Takes milliseconds: not for the loop.

    ``rate``: of raw samples, Hz; beside a container it must be the container's own.

    Raises:
        BadAudio: it is none of the formats, damaged, cut off, empty, or of another rate than said.
        AudioTooLong: it lasts longer than ``MAX_SECONDS``.
    """
    kind = container_of(data)
    if kind is None and rate is None:
        raise BadAudio(
            "The sound is neither WAV nor FLAC nor OGG; raw s16 samples need the field sample_rate."
        )
    samples = _decode_raw(data, rate or SAMPLE_RATE) if kind is None else _decode_container(data, kind, rate)
    if not len(samples):
        raise BadAudio("The sound is empty.")
    return samples


def container_of(data: bytes) -> str | None:
    """``wav``, ``flac`` or ``ogg``; None for what may be raw samples."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    return {b"fLaC": "flac", b"OggS": "ogg"}.get(data[:4])


def _decode_raw(data: bytes, rate: int) -> Samples:
    if len(data) % 2:
        raise BadAudio("Raw samples are 16 bits each; the sound has an odd number of bytes.")
    samples = np.frombuffer(data, "<i2")
    if len(samples) > MAX_SECONDS * rate:
        raise _too_long()
    if rate == SAMPLE_RATE or not len(samples):
        return samples.astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples[None].astype(np.int16), format="s16", layout="mono")
    frame.sample_rate = rate
    return _resample(iter([frame]))


def _decode_container(data: bytes, kind: str, rate: int | None) -> Samples:
    if kind == "wav":
        _require_whole_wav(data)
    try:
        with av.open(io.BytesIO(data), "r", format=kind) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None or stream.codec_context.name not in CODECS[kind]:
                raise BadAudio(f"The {kind} file holds no sound that is decoded here.")
            if rate is not None and stream.codec_context.sample_rate != rate:
                raise BadAudio(
                    f"The field sample_rate says {rate} Hz, the file {stream.codec_context.sample_rate} Hz."
                )
            return _resample(container.decode(stream))
    except (FFmpegError, ValueError) as error:
        raise BadAudio(f"The {kind} file is damaged or cut off.") from error


def _require_whole_wav(data: bytes) -> None:
    announced = int.from_bytes(data[4:8], "little")
    if announced not in UNKNOWN_SIZES and len(data) < announced + 8:
        raise BadAudio("The wav file is cut off: it holds less than its header says.")


def _resample(frames: Iterator[av.AudioFrame]) -> Samples:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    parts: list[Samples] = []
    length = 0
    for frame in frames:
        frame.pts = None  # gaps between timestamps are not filled
        for part in resampler.resample(frame):
            parts.append(part.to_ndarray()[0])
            length += len(parts[-1])
        if length > MAX_SECONDS * SAMPLE_RATE:
            raise _too_long()
    parts += [part.to_ndarray()[0] for part in (resampler.resample(None) if parts else [])]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def _too_long() -> AudioTooLong:
    return AudioTooLong(f"The sound lasts longer than {MAX_SECONDS // 60} minutes.")
