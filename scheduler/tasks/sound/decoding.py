"""Containers of sound to samples at 16 kHz, channel by channel, with FFmpeg (PyAV)."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from ...contract.errors import AudioTooLong, BadAudio
from ...contract.media import SAMPLE_RATE
from .containers import COMING, DECODERS, DEMUXERS, MEASURED, NO_RATE_OF_THEIR_OWN, TIMED

MAX_SECONDS = 1800
MAX_CHANNELS = 8
MAX_SAMPLES = MAX_SECONDS * 48_000 * MAX_CHANNELS  # of all channels as they are coded, some 20 s of work
LOWEST_RATE, HIGHEST_RATE = 2_000, 768_000
SPARED = 20  # of so many packets one may be damaged
UNKNOWN_SAMPLES = 1 << 28  # and more are promised by who could not go back and fill the number in
LIMITS = {"codec_whitelist": ",".join(sorted(DECODERS)), "protocol_whitelist": "none"}
# Of what still comes: tell what it is from as little as can be.
AT_ONCE = {"probesize": "4096", "analyzeduration": "100000"}

Samples = NDArray[np.int16]


class Readable(Protocol):
    """A file that comes piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, as soon as there are any; nothing at the end."""


class Header(NamedTuple):
    """``promised``: samples at 16 kHz that there are to be; 0 where that is not said."""

    channels: int
    promised: float


def read_header(data: bytes, kind: str, rate: int | None) -> Header:
    """What a container says of its first stream of sound. ``rate``: what its sender says of it, Hz.

    Raises:
        BadAudio: it cannot be decoded.
        AudioTooLong: it lasts longer than ``MAX_SECONDS``, as far as that can be told without decoding.
    """
    with _opened(data, kind) as (container, stream):
        context = stream.codec_context
        _check_channels(context.channels)
        if not LOWEST_RATE <= context.sample_rate <= HIGHEST_RATE:
            raise BadAudio(
                f"The {kind} file says {context.sample_rate} Hz; it may have {LOWEST_RATE} to {HIGHEST_RATE}."
            )
        own = context.codec.canonical_name not in NO_RATE_OF_THEIR_OWN
        if own and rate not in (None, context.sample_rate):
            raise BadAudio(f"The field sample_rate says {rate} Hz, the {kind} file {context.sample_rate} Hz.")
        header = Header(context.channels, _promised(stream) if kind in MEASURED else 0.0)
        if kind in TIMED and _said_s(container, stream) > MAX_SECONDS:
            raise too_long()
        _require_short_packets(container, stream)
        return header


def channels(file: bytes | Readable, kind: str) -> Iterator[Samples]:
    """i16 ``[channels, n]`` of the first stream of sound of a file, or of one that still comes, in pieces.

    Raises:
        BadAudio: it is damaged, or has too many channels.
        AudioTooLong: a whole file lasts longer than ``MAX_SECONDS``.
    """
    with _opened(file, kind) as (container, stream):
        yield from resampled(_frames(container, stream), MAX_SECONDS if isinstance(file, bytes) else None)


def resampled(frames: Iterator[av.AudioFrame], most_s: float | None) -> Iterator[Samples]:
    """i16 ``[channels, n]`` in the channels of the first frame; rate and layout may change on the way.

    Raises:
        BadAudio: there are too many channels.
        AudioTooLong: there are more than ``most_s`` seconds, or too many samples to be done in time.
    """
    form = layout = resampler = None
    length = coded = 0
    for frame in frames:
        coded += frame.samples * frame.layout.nb_channels
        if form != (form := (frame.format.name, frame.layout.name, frame.sample_rate)):
            yield from _resampled(resampler, None)
            _check_channels(frame.layout.nb_channels)
            layout = layout or frame.layout
            resampler = av.AudioResampler("s16", layout, SAMPLE_RATE)
        frame.pts = None  # gaps between timestamps are not filled
        for part in _resampled(resampler, frame):
            length += part.shape[1]
            yield part
        if most_s is not None and length > most_s * SAMPLE_RATE:
            raise too_long()
        if most_s is not None and coded > MAX_SAMPLES:
            raise AudioTooLong(f"The sound has more than {MAX_SAMPLES} samples in all its channels.")
    yield from _resampled(resampler, None)


def _resampled(resampler: av.AudioResampler | None, frame: av.AudioFrame | None) -> Iterator[Samples]:
    for part in resampler.resample(frame) if resampler is not None else ():
        # Interleaved: of eight planes or more PyAV reads one too many.
        yield np.asarray(part.to_ndarray(), np.int16).reshape(-1, part.layout.nb_channels).T


def too_long() -> AudioTooLong:
    """The error for sound that lasts too long."""
    return AudioTooLong(f"The sound lasts longer than {MAX_SECONDS // 60} minutes.")


@contextmanager
def _opened(file: bytes | Readable, kind: str) -> Iterator[tuple[InputContainer, av.AudioStream]]:
    """A container and its first stream of sound; whatever is damaged becomes ``BadAudio`` in the context."""
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    options = LIMITS if isinstance(file, bytes) else LIMITS | AT_ONCE
    demuxer = (DEMUXERS if isinstance(file, bytes) else COMING)[kind]
    try:
        with av.open(source, "r", demuxer, container_options=options, metadata_errors="replace") as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                what = "pictures and no sound" if container.streams.video else "no sound"
                raise BadAudio(f"The {kind} file holds {what}.")
            if stream.codec_context is None or stream.codec_context.codec.name not in DECODERS:
                raise BadAudio(f"The sound of the {kind} file is coded in a way that is not decoded here.")
            yield container, stream
    except (FFmpegError, ValueError, IndexError) as error:  # PyAV miscounts streams that come later
        raise BadAudio(f"The {kind} file is damaged or cut off.") from error


def _frames(container: InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """Decoded frames; a damaged packet here and there is passed over, as players do.

    Raises:
        FFmpegError: more than that is damaged.
    """
    packets = damaged = 0
    last: FFmpegError | None = None
    for packet in container.demux(stream):
        packets += 1
        try:
            yield from stream.codec_context.decode(packet)
        except FFmpegError as error:
            damaged += 1
            last = error
    if last is not None and damaged * SPARED > packets:
        raise last


def _check_channels(count: int) -> None:
    if not 1 <= count <= MAX_CHANNELS:
        raise BadAudio(f"The sound has {count} channels; it may have 1 to {MAX_CHANNELS}.")


def _said_s(container: InputContainer, stream: av.AudioStream) -> float:
    """The seconds that a header says; 0 where it says nothing of the sound alone."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    alone = len(container.streams) == 1
    return container.duration / av.time_base if alone and container.duration is not None else 0.0


def _require_short_packets(container: InputContainer, stream: av.AudioStream) -> None:
    """Add up what the packets say that they last, which takes a hundredth of the time that decoding does.

    Raises:
        AudioTooLong: it is longer than ``MAX_SECONDS``.
    """
    if stream.time_base is None:
        return
    left = MAX_SECONDS / stream.time_base
    for packet in container.demux(stream):
        left -= packet.duration or 0
        if left < 0:
            raise too_long()


def _promised(stream: av.AudioStream) -> float:
    if stream.duration is None or stream.time_base is None:
        return 0.0
    seconds, context = float(stream.duration * stream.time_base), stream.codec_context
    known = seconds * context.sample_rate * context.channels < UNKNOWN_SAMPLES
    return seconds * SAMPLE_RATE if known else 0.0
