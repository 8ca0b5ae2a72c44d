"""One session against a real publisher: what its observer is told, and what it leaves behind."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.config import IngestConfig
from argusd.ingest.decoding.picture_limit import picture_limit
from argusd.ingest.errors import ArenaFull
from argusd.ingest.ice.ice_sockets import IceSockets
from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.liveness import Standing
from argusd.ingest.offers.negotiation import negotiate
from argusd.ingest.session import Answer, Session, track_rooms
from argusd.ingest.shm.arena import Arena, Room
from argusd.ingest.shm.sink import Ring
from argusd.scheduler.contract.errors import SessionEnded
from argusd.scheduler.contract.media import TrackKind

from ..waiting import LONGEST_S

CONFIG = IngestConfig(runtime_dir=Path("run"), ice_addresses=("127.0.0.1",))
ARENA_BYTES = 16 << 20
CHECK_S = 0.05


class Recorder:
    """An observer that keeps what it is told; ``told`` is set at every call."""

    def __init__(self) -> None:
        self.rings: list[TrackKind] = []
        self.tracks: list[TrackState] = []
        self.standings: list[Standing] = []
        self.told = asyncio.Event()

    def track_opened(self, _session_id: str, kind: TrackKind, _ring: Ring) -> None:
        self.rings.append(kind)
        self.told.set()

    def track_changed(self, state: TrackState) -> None:
        self.tracks.append(state)
        self.told.set()

    def standing_changed(self, _session_id: str, standing: Standing) -> None:
        self.standings.append(standing)
        self.told.set()


class Rig:
    """A session in an arena of its own, looked at as the worker looks at it."""

    session: Session

    def __init__(self, config: IngestConfig) -> None:
        self.observer, self.arena = Recorder(), Arena(ARENA_BYTES)
        self.free = self.arena.free_bytes
        self.config = config

    async def answer(self, offer: str) -> Answer:
        """Open the session, and answer its offer."""
        limit = picture_limit(self.config, self.arena.capacity)
        sockets = IceSockets(self.config)
        agreement = negotiate(offer, limit)
        self.session = Session("one", agreement, limit, self.config, self.arena, sockets, self.observer)
        return await self.session.answer()

    async def until(self, *standings: Standing) -> None:
        """Check the session until its standings have been exactly these."""
        async with asyncio.timeout(LONGEST_S):
            while self.observer.standings != list(standings):
                assert len(self.observer.standings) <= len(standings), self.observer.standings
                self.session.check(time.monotonic_ns())
                await asyncio.sleep(CHECK_S)

    async def ring(self) -> None:
        """Wait until a track has a ring."""
        async with asyncio.timeout(LONGEST_S):
            while not self.observer.rings:
                self.observer.told.clear()
                await self.observer.told.wait()


@asynccontextmanager
async def opened(config: IngestConfig = CONFIG) -> AsyncIterator[Rig]:
    rig = Rig(config)
    try:
        yield rig
    finally:
        rig.session.close("deleted")
        await rig.session.closed()


@asynccontextmanager
async def a_publisher(seconds: int = 10) -> AsyncIterator[Publisher]:
    publisher = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=seconds)])
    try:
        yield publisher
    finally:
        await publisher.close()


@asynccontextmanager
async def published(rig: Rig) -> AsyncIterator[None]:
    async with a_publisher() as publisher:
        answer = await rig.answer(await publisher.offer())
        assert answer.kinds == ["video"]
        await publisher.accept(answer.sdp)
        yield


async def test_a_session_is_live_with_its_first_media_and_closed_by_its_senders_goodbye() -> None:
    async with opened() as rig:
        async with published(rig):
            await rig.until(Standing("live"))
            await rig.ring()
            assert rig.observer.rings == ["video"]
        await rig.until(Standing("live"), Standing("closed", "client"))


async def test_a_closed_session_leaves_nothing_in_shared_memory_and_tells_it_once() -> None:
    async with opened() as rig, published(rig):
        await rig.ring()
        assert rig.arena.free_bytes < rig.free
        rig.session.close("replaced")
        assert (rig.arena.rings, rig.arena.free_bytes) == (0, rig.free)
        rig.session.close("deleted")
        rig.session.check(time.monotonic_ns())
        assert [each for each in rig.observer.standings if each.state == "closed"] == [
            Standing("closed", "replaced")
        ]


async def test_a_sender_that_never_connects_is_given_up_and_not_before() -> None:
    async with opened() as rig, a_publisher() as publisher:
        await rig.answer(await publisher.offer())
        rig.session.check(time.monotonic_ns() + round((CONFIG.connect_s - 1) * 1e9))
        assert rig.observer.standings == []
        rig.session.check(time.monotonic_ns() + round((CONFIG.connect_s + 1) * 1e9))
        assert rig.observer.standings == [Standing("closed", "never_connected")]


async def test_a_track_is_live_once_pictures_come_of_it_and_its_counters_rise() -> None:
    async with opened() as rig, published(rig):
        async with asyncio.timeout(LONGEST_S):
            while not any(state.state == "live" for state in rig.observer.tracks):
                rig.session.check(time.monotonic_ns())
                await asyncio.sleep(CHECK_S)
        (counters,) = rig.session.counters()
        assert (counters.session_id, counters.kind) == ("one", "video")
        assert counters.frames > 0


async def test_a_session_that_is_ended_while_it_answers_says_so() -> None:
    async with opened() as rig, a_publisher() as publisher:
        answering = asyncio.ensure_future(rig.answer(await publisher.offer()))
        await asyncio.sleep(0)  # it is open then, and gathers
        rig.session.close("deleted")
        with pytest.raises(SessionEnded):
            await answering


async def test_without_room_for_all_of_its_tracks_a_session_takes_none() -> None:
    arena = Arena(ARENA_BYTES)
    limit = picture_limit(CONFIG, arena.capacity)
    async with a_publisher() as publisher:
        agreement = negotiate(await publisher.offer(), limit)
    occupied = Room(arena)
    occupied.reserve(arena.capacity - track_rooms(CONFIG)["video"] + 1)
    free = arena.free_bytes
    with pytest.raises(ArenaFull, match="no room for 2768896 bytes in shared memory"):
        Session("one", agreement, limit, CONFIG, arena, IceSockets(CONFIG), Recorder())
    assert arena.free_bytes == free
    occupied.close()
    session = Session("one", agreement, limit, CONFIG, arena, IceSockets(CONFIG), Recorder())
    assert arena.capacity - arena.free_bytes == 2768896
    session.close("deleted")
    assert arena.free_bytes == arena.capacity
