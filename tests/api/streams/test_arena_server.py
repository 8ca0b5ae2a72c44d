"""The api's arena, attached to by the scheduler's own code."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.api.streams.arena_server import ArenaServer, serving_arena
from argusd.api.streams.media import JpegTrack
from argusd.ingest.shm.ring import FrameReader
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.media.arena_sources import ArenaSource

from ...waiting import until
from ..fixtures import make_config
from .clients import Reader, jpeg


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ArenaServer]:
    async with serving_arena(make_config(tmp_path, arena_mib=2)) as server:
        yield server


class Attached:
    """A scheduler's source, and what it has seen."""

    def __init__(self, directory: Path) -> None:
        self.reader = Reader()
        self.woken = asyncio.Event()
        self.source = ArenaSource(directory / "api.sock", "scheduler-0", self.reader, self.woken.set)
        self._task = asyncio.create_task(self.source.run())

    async def until(self, rings: int) -> None:
        await until(lambda: len(self.reader.rings) == rings)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_readers_learn_what_is_open_and_what_changes(server: ArenaServer, tmp_path: Path) -> None:
    track = JpegTrack(server.arena, lambda ring: server.rings.opened(MediaKey("s1", "face"), "video", ring))
    track.take(jpeg())
    attached = Attached(tmp_path)
    await attached.until(1)
    ring = attached.reader.rings[MediaKey("s1", "face"), "video"]
    frame = FrameReader(ring.view, ring.place, ring.generation).newest()
    assert frame is not None
    assert frame.planes[0].tobytes() == jpeg()

    attached.woken.clear()
    attached.source.arm()
    track.take(jpeg(seed=1))
    await attached.woken.wait()

    other = JpegTrack(server.arena, lambda ring: server.rings.opened(MediaKey("s2", "face"), "video", ring))
    other.take(jpeg())
    await attached.until(2)
    track.close()
    server.rings.closed(MediaKey("s1", "face"))
    await attached.until(1)
    assert list(attached.reader.rings) == [(MediaKey("s2", "face"), "video")]
    await attached.end()
