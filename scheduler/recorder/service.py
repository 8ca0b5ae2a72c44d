"""The recorder's process: attaches to the arenas as schedulers do, and listens to the api."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel, Listener

from ..contract.evidence.messages import (
    Capture,
    ForgetSession,
    FromRecorder,
    SessionsListed,
    ToRecorder,
    WatchSession,
)
from ..contract.policy import EvidencePolicy
from ..media.arena_sources import ArenaSource, writers
from ..niceness import EVIDENCE, yield_cores
from .config import RecorderConfig
from .recorder import Recorder

STATS_EVERY_S = 1.0
NAME = "evidence"


async def run_recorder(
    config: RecorderConfig,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set. ``on_pass`` is called every second."""
    yield_cores(EVIDENCE)
    service = Service(config)
    listener = Listener(config.socket_path, service.accept)
    parts = [asyncio.create_task(each) for each in (service.tell_every_second(on_pass), *service.parts())]
    stopped = asyncio.create_task(stop.wait())
    on_ready()
    try:
        done, _ = await asyncio.wait([stopped, *parts], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (stopped, *parts):
            task.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        listener.close()
        await service.close()


class Service:
    """Joins the api's connection and the arenas."""

    def __init__(self, config: RecorderConfig) -> None:
        self._config = config
        self._recorder = Recorder(config, self._tell)
        self._channels: set[Channel[ToRecorder]] = set()
        self._forgetting: set[asyncio.Task[None]] = set()

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """What looks into the arenas, and stays attached to each process that owns one."""
        paths = writers(self._config.runtime_dir, self._config.ingest_workers)
        sources = [ArenaSource(path, NAME, self._recorder.tracks, lambda: None) for path in paths]
        return [self._recorder.run(), *(source.run() for source in sources)]

    def accept(self, sock: socket.socket) -> None:
        """The api connected: it says which sessions it wants watched. The others are so no longer."""
        unconfirmed = set(self._recorder.watched)

        def received(message: ToRecorder) -> None:
            if isinstance(message, WatchSession):
                unconfirmed.discard(message.session_id)
            if isinstance(message, SessionsListed):
                for session_id in unconfirmed:
                    self._recorder.watch(session_id, EvidencePolicy())
            self._received(message)

        channel: Channel[ToRecorder] = Channel(sock, ToRecorder, received)
        self._channels.add(channel)
        channel.closed.add_done_callback(lambda _: self._channels.discard(channel))

    def _received(self, message: ToRecorder) -> None:
        if isinstance(message, WatchSession):
            self._recorder.watch(message.session_id, message.wanted)
        elif isinstance(message, Capture):
            self._recorder.capture(message)
        elif isinstance(message, ForgetSession):
            task = asyncio.create_task(self._recorder.forget(message.session_id))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

    def _tell(self, message: FromRecorder) -> None:
        for channel in tuple(self._channels):
            with contextlib.suppress(ChannelClosed):  # the api asks again when it is back
                channel.send(message)

    async def tell_every_second(self, on_pass: Callable[[], None]) -> None:
        """Say how it stands."""
        while True:
            self._tell(self._recorder.stats())
            on_pass()
            await asyncio.sleep(STATS_EVERY_S)

    async def close(self) -> None:
        """End the connections and what is being made."""
        await self._recorder.close()
        for channel in tuple(self._channels):
            channel.close()
