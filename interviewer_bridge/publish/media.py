"""What a publisher can send: a file's picture and sound, or a generated test picture and tone.

Importing this module loads aiortc.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from ..errors import SourceUnreadable
from .file_stream import AUDIO_BLOCK, AUDIO_RATE, FileStream
from .file_tracks import tracks_of
from .playback import Playback

WIDTH, HEIGHT, FPS = 640, 480, 15
VIDEO_CLOCK = Fraction(1, 90_000)
TONE_HZ = 440


class Source(NamedTuple):
    """At most one track of each kind."""

    video: MediaStreamTrack | None
    audio: MediaStreamTrack | None

    @property
    def tracks(self) -> list[MediaStreamTrack]:
        """The tracks there are."""
        return [track for track in (self.video, self.audio) if track is not None]


def open_file(path: str, *, loop: bool = False) -> Source:
    """Picture and sound of anything FFmpeg opens (a path or a URL) but pipes, at the speed of its own clock.

    A still picture stays until it is stopped.

    Raises:
        SourceUnreadable: it cannot be opened, or holds neither.
    """
    if Path(path).is_fifo():
        raise SourceUnreadable(
            f"{path} is a pipe, and picture and sound are read apart: save it to a file first"
        )
    video, audio = FileStream(path, "video"), FileStream(path, "audio")
    if not video.exists and not audio.exists:
        raise SourceUnreadable(f"{path} holds neither picture nor sound")
    playback = Playback(loop=loop, still=video.is_still)
    return Source(*tracks_of(video if video.exists else None, audio if audio.exists else None, playback))


def synthetic(seconds: float | None = None) -> Source:
    """A moving gradient, 640×480 at 15 frames a second, and a 440 Hz tone; endless without ``seconds``."""
    return Source(SyntheticVideo(seconds), SyntheticAudio(seconds))


class Pace:
    """Holds a generated track to real time: frame ``n`` is due at ``n`` periods after the first."""

    def __init__(
        self,
        period_s: float,
        seconds: float | None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._period_s = period_s
        self._frames = None if seconds is None else round(seconds / period_s)
        self._now = now
        self._sleep = sleep
        self._start: float | None = None
        self._next = 0

    async def tick(self) -> int | None:
        """Wait for the next frame's time; returns its number, or None after the last."""
        number = self._next
        if self._frames is not None and number >= self._frames:
            return None
        now = self._now()
        if self._start is None:
            self._start = now
        await self._sleep(max(self._start + number * self._period_s - now, 0.0))
        self._next += 1
        return number


class SyntheticVideo(MediaStreamTrack):
    """A diagonal gradient that wanders, so that every frame differs from the one before."""

    kind = "video"

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__()
        self._pace = Pace(1 / FPS, seconds)

    async def recv(self) -> VideoFrame:
        """The next frame, when it is due."""
        number = await self._pace.tick()
        if number is None:
            self.stop()
            raise MediaStreamError
        frame = VideoFrame.from_ndarray(gradient(number), format="yuv420p")
        frame.pts = int(number / FPS / VIDEO_CLOCK)
        frame.time_base = VIDEO_CLOCK
        return frame


class SyntheticAudio(MediaStreamTrack):
    """A sine tone, 48 kHz mono s16, 20 ms at a time."""

    kind = "audio"

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__()
        self._pace = Pace(AUDIO_BLOCK / AUDIO_RATE, seconds)

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        number = await self._pace.tick()
        if number is None:
            self.stop()
            raise MediaStreamError
        frame = AudioFrame.from_ndarray(tone(number), format="s16", layout="mono")
        frame.sample_rate = AUDIO_RATE
        frame.pts = number * AUDIO_BLOCK
        frame.time_base = Fraction(1, AUDIO_RATE)
        return frame


def gradient(number: int) -> NDArray[np.uint8]:
    """The test picture's frame ``number``: planar I420 as u8 ``[HEIGHT * 3 // 2, WIDTH]``."""
    picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    picture[:HEIGHT] = (rows + columns + 4 * number) & 255
    return picture


def tone(number: int) -> NDArray[np.int16]:
    """Block ``number`` of the test tone, i16 ``[1, AUDIO_BLOCK]``, at a quarter of full scale."""
    samples = np.arange(number * AUDIO_BLOCK, (number + 1) * AUDIO_BLOCK)
    wave: NDArray[np.float64] = np.sin(2 * np.pi * TONE_HZ / AUDIO_RATE * samples)
    block: NDArray[np.int16] = (wave * 8192).astype(np.int16)
    return block[np.newaxis]
