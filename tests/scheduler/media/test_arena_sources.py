"""Attaching to a writer over a real socket, with a real arena."""

import asyncio
import gc
import socket
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.ingest.ipc.channel import Channel, Listener
from argusd.ingest.ipc.messages import (
    ArenaOffer,
    Hello,
    ToWorker,
    TrackClosed,
    TrackOpened,
    TrackState,
)
from argusd.ingest.shm.arena import HEAD, Arena, ArenaView
from argusd.ingest.shm.ring import FrameRing
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.media.arena_sources import ArenaSource, RingRef

from ...waiting import LONGEST_S, until
from ..fakes import ALICE, HEIGHT, WIDTH, write_frame


class Writer:
    """The writing end: an arena with one ring, offered to whoever connects."""

    def __init__(self, path: Path) -> None:
        self.arena = Arena(1 << 20)
        self.ring = FrameRing(self.arena, 2, WIDTH * HEIGHT * 2)
        self.hello: asyncio.Queue[Hello] = asyncio.Queue()
        self.channel: Channel[Hello] | None = None
        self.listener = Listener(path, self._accept)

    def _accept(self, sock: socket.socket) -> None:
        self.channel = Channel[Hello](sock, ToWorker, self.hello.put_nowait)
        self.channel.send(ArenaOffer("writer"), list(self.arena.attach()))
        self.send(TrackOpened(ALICE, "video", self.ring.place, self.ring.generation))

    def send(self, message: TrackOpened | TrackClosed | TrackState) -> None:
        assert self.channel is not None
        self.channel.send(message)

    def die(self) -> None:
        assert self.channel is not None
        self.listener.close()
        self.channel.close()


class Observer:
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, MediaKey, RingRef | None]] = asyncio.Queue()

    def ring_opened(self, media: MediaKey, ring: RingRef) -> None:
        self.told.put_nowait(("opened", media, ring))

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        self.told.put_nowait((state.state, state.media, None))

    def ring_closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        self.told.put_nowait(("closed", media, None))

    async def next(self) -> tuple[str, MediaKey, RingRef | None]:
        return await asyncio.wait_for(self.told.get(), LONGEST_S)


class Attached:
    """A source that stays attached to ``path`` while the test runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.observer = Observer()
        self.awake = asyncio.Event()
        self.source = ArenaSource(path, "scheduler-0", self.observer, self.awake.set)


@pytest.fixture
async def attached(tmp_path: Path) -> AsyncIterator[Attached]:
    attached = Attached(tmp_path / "ingest-0.sock")
    task = asyncio.create_task(attached.source.run())
    yield attached
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_says_hello_and_maps_the_arena(attached: Attached) -> None:
    writer = Writer(attached.path)
    what, media, ring = await attached.observer.next()
    assert (what, media) == ("opened", ALICE)
    assert await asyncio.wait_for(writer.hello.get(), LONGEST_S) == Hello(role="reader", name="scheduler-0")
    assert ring is not None
    write_frame(writer.ring, 1, arrival=1.0)
    assert ring.view.table[ring.place, HEAD] == 1
    writer.die()


async def test_where_tracks_stand_is_passed_on_and_those_without_a_ring_end_too(attached: Attached) -> None:
    writer = Writer(attached.path)
    assert (await attached.observer.next())[:2] == ("opened", ALICE)
    writer.send(TrackState(ALICE, "audio", "stale", "never_began"))
    assert (await attached.observer.next())[:2] == ("stale", ALICE)
    writer.send(TrackClosed(ALICE, "audio"))
    assert (await attached.observer.next())[:2] == ("closed", ALICE)
    writer.die()
    assert (await attached.observer.next())[:2] == ("closed", ALICE)


async def test_it_wakes_up_once_for_what_was_published_while_it_was_armed(attached: Attached) -> None:
    writer = Writer(attached.path)
    await attached.observer.next()
    attached.awake.clear()
    for _ in range(3):
        write_frame(writer.ring, 1, arrival=1.0)
    attached.source.arm()
    await asyncio.wait_for(attached.awake.wait(), LONGEST_S)
    attached.awake.clear()
    attached.source.arm()
    attached.source.arm()
    write_frame(writer.ring, 1, arrival=1.0)
    await asyncio.wait_for(attached.awake.wait(), LONGEST_S)
    writer.die()


async def test_streams_come_and_go(attached: Attached) -> None:
    writer = Writer(attached.path)
    await attached.observer.next()
    writer.send(TrackClosed(ALICE, "video"))
    assert await attached.observer.next() == ("closed", ALICE, None)
    writer.die()


async def test_a_writer_that_dies_takes_its_streams_along_and_may_come_back(attached: Attached) -> None:
    writer = Writer(attached.path)
    _, _, before = await attached.observer.next()
    writer.die()
    assert await attached.observer.next() == ("closed", ALICE, None)
    again = Writer(attached.path)
    what, _, after = await attached.observer.next()
    assert what == "opened"
    assert before is not None
    assert after is not None
    assert after.view is not before.view
    again.die()


async def test_the_memory_of_a_writer_that_is_gone_is_given_back_at_once(attached: Attached) -> None:
    writer = Writer(attached.path)
    _, _, ring = await attached.observer.next()
    assert ring is not None
    view = weakref.ref(ring.view)
    del ring
    gc.disable()  # in a process of many models it comes round seldom
    try:
        writer.die()
        assert await attached.observer.next() == ("closed", ALICE, None)
        await until(lambda: view() is None)
    finally:
        gc.enable()


async def test_arming_without_a_writer_does_nothing(attached: Attached) -> None:
    attached.source.arm()
    assert not attached.awake.is_set()
