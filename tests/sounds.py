"""Sound as other programs encode it."""

import io
import struct
import wave

import av
import numpy as np
from numpy.typing import NDArray

TONE_HZ = 440


def tone(rate: int, seconds: float = 1.0, hertz: float = TONE_HZ) -> NDArray[np.int16]:
    time = np.arange(int(rate * seconds)) / rate
    return (10_000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def wav(samples: NDArray[np.int16], rate: int) -> bytes:
    """i16 ``[n]`` or ``[channels, n]`` in a file that the standard library writes."""
    channels = np.atleast_2d(samples)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(len(channels))
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(channels.T.tobytes())
    return file.getvalue()


def encoded(
    container: str,
    codec: str,
    rate: int = 16_000,
    samples: NDArray[np.int16] | None = None,
    layout: str = "mono",
    **options: str,
) -> bytes:
    """i16 ``[n]`` or ``[channels, n]`` (a second of a tone), as FFmpeg writes it."""
    channels = np.atleast_2d(tone(rate) if samples is None else samples)
    file = io.BytesIO()
    with av.open(file, "w", format=container, container_options=options) as writer:
        stream = writer.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(channels.T).reshape(1, -1), format="s16", layout=layout
        )
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            stream.format, layout, rate, frame_size=stream.codec_context.frame_size or 960
        )
        for piece in (frame, None):
            for part in resampler.resample(piece):
                writer.mux(stream.encode(part))
        writer.mux(stream.encode(None))
    return file.getvalue()


def id3_tag(content: bytes, footer: bool = False) -> bytes:
    """An ID3v2.4 tag of so many bytes."""
    size = bytes(len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
    tag = b"ID3\x04\0" + (b"\x10" if footer else b"\0") + size + content
    return tag + (b"3DI\x04\0\x10" + size if footer else b"")


def riff(*chunks: tuple[bytes, bytes, int | None], name: bytes = b"RIFF", size: int | None = None) -> bytes:
    """A WAV of chunks (name, content, declared size), padded to even lengths."""
    order = ">" if name == b"RIFX" else "<"
    body = b"".join(
        chunk
        + struct.pack(order + "I", len(content) if declared is None else declared)
        + content
        + b"\0" * (len(content) % 2)
        for chunk, content, declared in chunks
    )
    return name + struct.pack(order + "I", 4 + len(body) if size is None else size) + b"WAVE" + body


def wav_format(
    tag: int = 1,
    channels: int = 1,
    rate: int = 16_000,
    bits: int = 16,
    block: int | None = None,
    order: str = "<",
) -> bytes:
    """The content of a ``fmt `` chunk."""
    block = channels * ((bits + 7) // 8) if block is None else block
    per_second = rate * block & 0xFFFFFFFF
    return struct.pack(order + "HHIIHH", tag, channels, rate, per_second, block, bits)
