"""Small films for tests: every picture tells its number, every second of sound begins with a beep."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 64, 48
RATE = 48_000
BEEP = 4800


def film(
    path: Path,
    *,
    times: Sequence[float] = (),
    sound_s: float = 0.0,
    sound_from_s: float = 0.0,
    codecs: tuple[str, str] = ("libx264", "aac"),
    layout: str = "mono",
    gop: int = 250,
    b_frames: int = 0,
    rotation: int = 0,
) -> str:
    """A film with a picture at each of ``times`` (s) and ``sound_s`` seconds of sound; returns its path."""
    with av.open(str(path), "w") as container:
        tracks: list[tuple[Any, Iterable[Any]]] = []
        if times:
            video: Any = container.add_stream(
                codecs[0], rate=round(1 / (times[1] - times[0])) if times[1:] else 30
            )
            video.width, video.height = WIDTH, HEIGHT
            video.pix_fmt = "yuvj420p" if codecs[0] == "mjpeg" else "yuv420p"
            video.gop_size, video.max_b_frames = gop, b_frames
            video.codec_context.time_base = Fraction(1, 1000)
            if codecs[0] == "libx264":
                video.options = {"preset": "ultrafast", "qp": "1", "bf": str(b_frames)}
            if rotation:
                video.set_display_rotation(rotation)
            tracks.append((video, pictures(times)))
        if sound_s:
            audio: Any = container.add_stream(codecs[1], rate=RATE)
            audio.layout = layout
            tracks.append((audio, sounds(sound_s, sound_from_s)))
        for track, frames in tracks:
            for frame in frames:
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return str(path)


def every(fps: int, seconds: float) -> list[float]:
    """The times of a steady film's pictures."""
    return [number / fps for number in range(round(fps * seconds))]


def picture(number: int) -> av.VideoFrame:
    """Picture ``number``: brighter at the top by 4 grey levels a number, up to 50."""
    rows = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    rows[: HEIGHT // 2] = 20 + 4 * number
    return av.VideoFrame.from_ndarray(rows, "yuv420p")


def number_of(frame: av.VideoFrame) -> int:
    """The number that a picture tells, upright."""
    return round((float(frame.to_ndarray()[4:16, 8:40].mean()) - 20) / 4)


def pictures(times: Iterable[float]) -> Iterable[av.VideoFrame]:
    for number, time in enumerate(times):
        frame = picture(number % 50)
        frame.pts, frame.time_base = round(1000 * time), Fraction(1, 1000)
        yield frame


def sounds(seconds: float, from_s: float) -> Iterable[av.AudioFrame]:
    samples = np.arange(round(seconds * RATE))
    wave = np.where(samples % RATE < BEEP, 0.5 * np.sin(2 * np.pi * 1000 / RATE * samples), 0)
    for start in range(0, len(wave), 1024):
        block: NDArray[np.float32] = wave[start : start + 1024].astype(np.float32)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(block, "fltp", "mono")
        frame.sample_rate, frame.pts = RATE, start + round(from_s * RATE)
        frame.time_base = Fraction(1, RATE)
        yield frame


def beeps(blocks: Sequence[av.AudioFrame]) -> list[float]:
    """When the beeps begin, in seconds by the blocks' own times."""
    starts, before = [], False
    for block in blocks:
        now = float(np.abs(block.to_ndarray().astype(np.float32)).max()) > 3000
        if now and not before:
            assert block.time is not None
            starts.append(block.time)
        before = now
    return starts
