"""Synthetic clips, encoded once and kept in memory: what a publisher sends."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

VideoName = Literal["vp8", "h264", "vp9", "av1"]
os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder tells of errors alone
FPS = 30
OPUS_CLOCKS = 960
ENCODERS = {"vp8": "libvpx", "h264": "libx264", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
OPTIONS = {
    "vp8": {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0", "static-thresh": "1"},
    "h264": {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "level": "31"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "max-intra-rate": "300"},
    "av1": {"preset": "12", "svtav1-params": "pred-struct=1:lookahead=0:rc=2:lp=1"},
}


@contextmanager
def own_priority() -> Iterator[None]:
    """Leave this thread's scheduling as it was.

    SVT-AV1, run by root, makes the thread that encodes a real-time one of the highest priority, and all that
    are begun by it later: two of them starve a machine of two cores.
    """
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


@cache
def video_clip(
    codec: VideoName, width: int, height: int, count: int, *, gop: int = 3000, bit_rate: int = 800_000
) -> tuple[bytes, ...]:
    """``count`` encoded frames of a moving scene at 30 fps, a keyframe every ``gop``."""
    encoder = av.CodecContext.create(ENCODERS[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS, 1)
    encoder.gop_size, encoder.bit_rate, encoder.thread_count = gop, bit_rate, 1
    encoder.options = OPTIONS[codec] | {"maxrate": str(bit_rate), "bufsize": str(bit_rate)}
    packets: list[bytes] = []
    scene = Scene(width, height)
    with own_priority():
        for index in range(count):
            packets += [bytes(packet) for packet in encoder.encode(scene.picture(index))]
        packets += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(packets)


class Scene:
    """A talking head before a swaying background, with sensor noise: as dear to code as camera pictures."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        random = np.random.default_rng(1)
        self._background = 128 + 40 * _pink(random, 2 * height, 2 * width)
        self._head = 150 + 35 * _pink(random, height, width)
        self._chroma = [128 + 15 * _pink(random, height // 2, width // 2) for _ in range(2)]
        self._noise = random.normal(0, 1.5, (8, height, width)).astype(np.float32)
        self._rows, self._columns = np.ogrid[0:height, 0:width]

    def picture(self, index: int) -> av.VideoFrame:
        """The scene at frame ``index``."""
        width, height, time = self._width, self._height, index / FPS
        left = int(width * (0.5 + 0.04 * np.sin(0.6 * time)))
        top = int(height * (0.5 + 0.03 * np.sin(0.9 * time)))
        luma = self._background[top : top + height, left : left + width].copy()
        center = (height * (0.5 + 0.08 * np.sin(1.7 * time)), width * (0.5 + 0.15 * np.sin(1.1 * time)))
        inside = ((self._rows - center[0]) / (0.3 * height)) ** 2 + (
            (self._columns - center[1]) / (0.16 * width)
        ) ** 2 < 1
        luma[inside] = np.roll(self._head, (int(center[0]), int(center[1])), (0, 1))[inside]
        luma += self._noise[index % len(self._noise)]
        chroma = [np.roll(plane, index, axis) for axis, plane in enumerate(self._chroma)]
        planes = [luma, *chroma]
        packed = np.concatenate([np.clip(plane, 16, 235).astype(np.uint8).reshape(-1) for plane in planes])
        frame = av.VideoFrame.from_ndarray(packed.reshape(height * 3 // 2, width), format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, FPS)
        return frame


def _pink(random: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    # Natural images have a spectrum that falls with the frequency; white noise would be unlike any camera.
    spectrum = np.fft.rfft2(random.standard_normal((height, width)))
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    radius[0, 0] = 1
    image: NDArray[np.float64] = np.fft.irfft2(spectrum / radius**1.1, s=(height, width))
    scaled: NDArray[np.float64] = (image - image.mean()) / image.std()
    return scaled


@cache
def opus_clip(count: int, *, stereo: bool = False) -> tuple[bytes, ...]:
    """``count`` packets of 20 ms: a 440 Hz tone that comes and goes three times a second."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    layout = "stereo" if stereo else "mono"
    encoder.bit_rate, encoder.format, encoder.layout, encoder.sample_rate = 32_000, "s16", layout, 48_000
    time = np.arange(count * OPUS_CLOCKS) / 48_000
    tone = (8000 * np.sin(2 * np.pi * 440 * time) * (np.sin(6 * np.pi * time) > -0.3)).astype(np.int16)
    packets: list[bytes] = []
    for start in range(0, len(tone), OPUS_CLOCKS):
        chunk = tone[start : start + OPUS_CLOCKS]
        samples = np.repeat(chunk, 2)[None] if stereo else chunk[None]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets[:count])


class Clip(msgspec.Struct, frozen=True):
    """A clip in a file: encoded video frames and Opus packets."""

    codec: VideoName
    video: tuple[bytes, ...]
    audio: tuple[bytes, ...]


def cached_clip(codec: VideoName, width: int, height: int, seconds: int, bit_rate: int) -> Path:
    """Encode a clip with sound, or find it where an earlier run left it; returns its msgpack file."""
    name = f"{codec}-{width}x{height}-{seconds}s-{bit_rate}.msgpack"
    path = Path(tempfile.gettempdir()) / f"argusd-clips-{os.getuid()}" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        video = video_clip(codec, width, height, FPS * seconds, bit_rate=bit_rate)
        clip = Clip(codec, video, opus_clip(50 * seconds))
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(msgspec.msgpack.encode(clip))
        unfinished.rename(path)
    return path
