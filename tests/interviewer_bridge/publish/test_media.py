import asyncio
import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from argusd.interviewer_bridge.errors import SourceUnreadable
from argusd.interviewer_bridge.publish import file_stream
from argusd.interviewer_bridge.publish.file_stream import AUDIO_BLOCK, AUDIO_RATE, FileStream
from argusd.interviewer_bridge.publish.media import HEIGHT, WIDTH, Pace, gradient, open_file, synthetic, tone

from ..conftest import Serve
from ..films import every, film


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_a_pace_gives_every_frame_its_time_and_then_ends() -> None:
    clock = Clock()
    pace = Pace(0.25, 1.0, now=lambda: clock.now, sleep=clock.sleep)
    seen = []
    while (number := await pace.tick()) is not None:
        seen.append((number, clock.now - 100))
        clock.now += 0.1  # encoding takes its time, and must not add up
    assert seen == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)]


@pytest.mark.parametrize("seconds", [0.0, -5.0])
async def test_a_pace_of_no_time_ends_at_once(seconds: float) -> None:
    assert await Pace(0.25, seconds).tick() is None


async def test_a_late_pace_does_not_wait() -> None:
    clock = Clock()
    pace = Pace(0.25, None, now=lambda: clock.now, sleep=clock.sleep)
    await pace.tick()
    clock.now += 10
    assert await pace.tick() == 1
    assert clock.now == 110


async def test_the_synthetic_source_has_the_length_asked_for() -> None:
    source = synthetic(seconds=0.2)
    assert source.video is not None
    assert source.audio is not None
    pictures = await everything(source.video)
    blocks = await everything(source.audio)
    assert [picture.pts for picture in pictures] == [0, 6000, 12000]
    assert [(block.pts, block.samples) for block in blocks] == [(n * 960, 960) for n in range(10)]


async def everything(track: MediaStreamTrack) -> list[Any]:
    frames = []
    with suppress(MediaStreamError):
        while True:
            frames.append(await track.recv())
    assert track.readyState == "ended"
    return frames


def test_the_test_picture_moves_and_the_tone_is_seamless() -> None:
    assert gradient(0).shape == (HEIGHT * 3 // 2, WIDTH)
    assert not np.array_equal(gradient(0), gradient(1))
    joined = np.concatenate([tone(0), tone(1)], axis=1)[0]
    wave = 8192 * np.sin(2 * np.pi * 440 / AUDIO_RATE * np.arange(2 * AUDIO_BLOCK))
    assert np.abs(joined - wave).max() <= 1


@pytest.mark.parametrize(("name", "body"), [("nowhere.mp4", None), ("noise.mp4", b"not a film")])
def test_a_source_that_cannot_be_played_is_named(tmp_path: Path, name: str, body: bytes | None) -> None:
    file = tmp_path / name
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(SourceUnreadable, match=name):
        open_file(str(file))


async def test_a_source_that_falls_silent_is_over(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can interrupt a read: without an end to it a program that plays such a source never ends."""
    monkeypatch.setattr(file_stream, "SILENT_S", 0.2)
    film(tmp_path / "film.mkv", times=every(10, 2))
    half, over = (tmp_path / "film.mkv").read_bytes()[:-2000], asyncio.Event()

    async def fall_silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.path != "/mute":
            await response.prepare(request)
            await response.write(half)
        await over.wait()
        return response

    url = await serve(fall_silent)
    with pytest.raises(SourceUnreadable, match=r"/mute: no answer within 0\.2 s"):
        await asyncio.to_thread(FileStream, f"{url}mute", "video")
    stream = await asyncio.to_thread(FileStream, f"{url}film.mkv", "video")
    with pytest.raises(SourceUnreadable, match=r"nothing came for 0\.2 s"):
        await asyncio.to_thread(deque, iter(stream.read, None))
    over.set()


def test_a_pipe_is_refused_because_it_would_be_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mkv"
    os.mkfifo(pipe)
    with pytest.raises(SourceUnreadable, match="is a pipe"):
        open_file(str(pipe))


async def test_a_file_is_played_with_the_tracks_it_has(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", times=every(10, 0.3), sound_s=0.3, codecs=("libx264", "pcm_s16le"))
    source = open_file(path)
    assert source.video is not None
    assert source.audio is not None
    pictures, blocks = await asyncio.gather(everything(source.video), everything(source.audio))
    assert [picture.time for picture in pictures] == pytest.approx([0, 0.1, 0.2])
    assert [block.pts for block in blocks[:15]] == [960 * number for number in range(15)]
    silent = open_file(film(tmp_path / "silent.mkv", times=every(10, 0.3)))
    assert [track.kind for track in silent.tracks] == ["video"]
