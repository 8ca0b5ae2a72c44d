import asyncio
import time
from fractions import Fraction
from typing import Any

import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from argusd.interviewer_bridge.in_step import InStep, Meeting


class Late(MediaStreamTrack):
    """Frames of 20 ms, all there once the first is, which takes ``delay_s``."""

    def __init__(self, kind: str, delay_s: float, frames: int = 3) -> None:
        super().__init__()
        self.kind = kind
        self._delay_s = delay_s
        self._frames = frames
        self._next = 0
        self.ready_s = 0.0

    async def recv(self) -> Any:
        if not self._next:
            await asyncio.sleep(self._delay_s)
            self.ready_s = time.monotonic()
        if self._next == self._frames:
            self.stop()
            raise MediaStreamError
        frame = AudioFrame(samples=320)
        frame.sample_rate, frame.pts, frame.time_base = 16_000, 320 * self._next, Fraction(1, 16_000)
        self._next += 1
        return frame


async def played(track: InStep) -> list[tuple[float, float]]:
    """When each frame came, and its own time."""
    came = []
    try:
        while True:
            frame = await track.recv()
            came.append((time.monotonic(), frame.time))
    except MediaStreamError:
        return came


async def test_tracks_that_are_ready_at_different_times_begin_together() -> None:
    sources = [Late("video", 0.3), Late("audio", 0.0)]
    meeting = Meeting(sources)
    video, audio = await asyncio.gather(*(played(InStep(source, meeting)) for source in sources))
    assert [at for _, at in video] == [at for _, at in audio] == [0.0, 0.02, 0.04]
    assert min(came for came, _ in (*video, *audio)) >= sources[0].ready_s
    assert all(source.readyState == "ended" for source in sources)


async def test_one_that_nobody_plays_does_not_hold_the_other_up() -> None:
    sources = [Late("video", 60.0), Late("audio", 0.0)]
    meeting = Meeting(sources)
    unplayed = InStep(sources[0], meeting)
    assert len(await played(InStep(sources[1], meeting))) == 3
    unplayed.stop()
    assert sources[0].readyState == "ended"
    with pytest.raises(MediaStreamError):
        await unplayed.recv()


async def test_an_ended_track_ends_what_plays_it() -> None:
    sources = [Late("video", 0.0, frames=0), Late("audio", 0.0)]
    meeting = Meeting(sources)
    video = InStep(sources[0], meeting)
    assert await played(video) == []
    assert video.readyState == "ended"
    assert len(await played(InStep(sources[1], meeting))) == 3
