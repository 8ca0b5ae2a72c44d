"""A worker in this process, its controller and reader, and real WebRTC publishers."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from argusd.benchmarks.peers.publisher import Publisher
from argusd.ingest.config import IngestConfig
from argusd.ingest.ipc.channel import Channel
from argusd.ingest.ipc.messages import (
    ArenaOffer,
    Hello,
    IngestStats,
    OpenSession,
    Role,
    SessionAnswer,
    SessionRefused,
    ToController,
    ToReader,
    TrackCounters,
    TrackOpened,
)
from argusd.ingest.process import run_worker
from argusd.ingest.shm.arena import HEAD, ArenaView
from argusd.ingest.shm.ring import FrameReader
from argusd.scheduler.contract.media import TrackKind

from ..waiting import LONGEST_S

Message = TypeVar("Message", bound=msgspec.Struct)


class Client:
    """One control connection; messages are awaited by type, in order, others in between are skipped."""

    def __init__(self, path: Path, role: Role) -> None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        union = ToController if role == "controller" else ToReader
        self.channel: Channel[Any] = Channel(sock, union, self._inbox.put_nowait)
        self.channel.send(Hello(role, "test"))

    async def take(
        self, kind: type[Message], wanted: Callable[[Message], bool] = lambda _message: True
    ) -> Message:
        """The next message of this type for which ``wanted`` is true."""
        async with asyncio.timeout(LONGEST_S):
            while True:
                message = await self._inbox.get()
                if isinstance(message, kind) and wanted(message):
                    return message


class Rig:
    """A running worker and both kinds of client."""

    def __init__(self, config: IngestConfig) -> None:
        self.config = config
        self.publishers: list[Publisher] = []
        self._stop = asyncio.Event()
        self._requests = 0
        self._woken = asyncio.Event()

    async def start(self) -> None:
        ready = asyncio.Event()
        self._worker = asyncio.ensure_future(run_worker(self.config, self._stop, ready.set))
        await asyncio.wait_for(ready.wait(), LONGEST_S)
        self.controller = Client(self.config.socket_path, "controller")
        self.reader = Client(self.config.socket_path, "reader")
        await self.reader.take(ArenaOffer)
        memfd, self._eventfd = self.reader.channel.take_fds(2)
        self.view = ArenaView(memfd)
        os.close(memfd)
        asyncio.get_running_loop().add_reader(self._eventfd, self._wake)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._eventfd)
        self._woken.set()

    async def request(self, session_id: str, offer: str) -> SessionAnswer | SessionRefused:
        """Open a session with this offer; returns the worker's answer or refusal."""
        self._requests += 1
        number = self._requests
        self.controller.channel.send(OpenSession(number, session_id, offer))
        answered: Any = SessionAnswer | SessionRefused
        return await self.controller.take(answered, lambda message: message.request == number)

    async def offer(self, publisher: Publisher) -> str:
        """A publisher's offer; the publisher is closed with the test."""
        self.publishers.append(publisher)
        return await publisher.offer()

    async def publish(self, session_id: str, publisher: Publisher) -> None:
        """Open a session for a publisher and connect it."""
        answer = await self.request(session_id, await self.offer(publisher))
        assert isinstance(answer, SessionAnswer), answer
        await publisher.accept(answer.answer_sdp)

    async def opened(self, kind: TrackKind) -> TrackOpened:
        """The next ring of this kind that is announced."""
        return await self.reader.take(TrackOpened, lambda message: message.kind == kind)

    async def frames(self) -> FrameReader:
        """A reader of the next video ring that is announced."""
        stream = await self.opened("video")
        return FrameReader(self.view, stream.place, stream.generation)

    async def written(self, place: int, count: int) -> None:
        """Wait until a ring has had this many frames or samples."""
        async with asyncio.timeout(LONGEST_S):
            while self.view.table[place, HEAD] < count:
                self._woken.clear()
                await self._woken.wait()

    async def woken(self) -> None:
        """Wait until something was published."""
        self._woken.clear()
        await asyncio.wait_for(self._woken.wait(), LONGEST_S)

    async def counters(
        self, kind: TrackKind, wanted: Callable[[TrackCounters], bool] = lambda _counters: True
    ) -> TrackCounters:
        """The next counters of this kind for which ``wanted`` is true."""
        async with asyncio.timeout(LONGEST_S):
            while True:
                stats = await self.controller.take(IngestStats)
                for track in stats.tracks:
                    if track.kind == kind and wanted(track):
                        return track

    async def close(self) -> None:
        for publisher in self.publishers:
            await asyncio.wait_for(publisher.close(), LONGEST_S)
        asyncio.get_running_loop().remove_reader(self._eventfd)
        os.close(self._eventfd)
        self.controller.channel.close()
        self.reader.channel.close()
        self._stop.set()
        await asyncio.wait_for(self._worker, LONGEST_S)


@pytest.fixture
def rig_class() -> type[Rig]:
    """For tests that run a loop of their own."""
    return Rig


@pytest.fixture
async def start_rig(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start a worker with some settings of its own; ended with the test."""
    rigs: list[Rig] = []

    async def start(**settings: Any) -> Rig:
        defaults: dict[str, Any] = {"arena_mib": 32, "ice_addresses": ("127.0.0.1",), "slots": 8}
        rig = Rig(IngestConfig(runtime_dir=tmp_path, **(defaults | settings)))
        await rig.start()
        rigs.append(rig)
        return rig

    yield start
    for rig in rigs:
        await rig.close()


@pytest.fixture
async def rig(start_rig: Callable[..., Any]) -> Rig:
    """A worker as configured by default, with a small arena."""
    started: Rig = await start_rig()
    return started
