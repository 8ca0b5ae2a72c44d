"""The recorder's process: listens to the api, and attaches to the arenas as schedulers do.

What takes pictures and makes clips of them is loaded when a session first wants evidence: codecs and arrays
take some 40 MB, and most daemons are never asked for any.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel, Listener

from ..contract.evidence.messages import (
    Capture,
    ForgetSession,
    FromRecorder,
    RecorderStats,
    SessionForgotten,
    SessionsListed,
    ToRecorder,
    WatchSession,
)
from ..contract.policy import EvidencePolicy
from ..niceness import EVIDENCE, yield_cores
from .config import RecorderConfig
from .files import EvidenceFiles

if TYPE_CHECKING:
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
    parts = [asyncio.create_task(each) for each in (service.tell_every_second(on_pass), service.work())]
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
        self._files = EvidenceFiles(config.state_dir, config.max_mib << 20, config.min_free_mib << 20)
        self._recorder: Recorder | None = None
        self._wanted = asyncio.Event()  # whether there is one
        self._channels: set[Channel[ToRecorder]] = set()
        self._forgetting: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Once any is wanted look into the arenas, attached to each process that owns one."""
        await self._wanted.wait()
        from ..media.arena_sources import ArenaSource, writers

        recorder, config = self._at_work(), self._config
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(recorder.run(), name="looking into rings")
            for path in writers(config.runtime_dir, config.ingest_workers):
                source = ArenaSource(path, NAME, recorder.tracks, lambda: None)
                tasks.create_task(source.run(), name=f"link to {path.name}")

    def accept(self, sock: socket.socket) -> None:
        """The api connected: it says which sessions it wants watched. The others are so no longer."""
        unconfirmed = set(self._recorder.watched if self._recorder else ())

        def received(message: ToRecorder) -> None:
            if isinstance(message, WatchSession):
                unconfirmed.discard(message.session_id)
            if isinstance(message, SessionsListed):
                for session_id in unconfirmed:
                    self._received(WatchSession(session_id, EvidencePolicy()))
            self._received(message)

        channel: Channel[ToRecorder] = Channel(sock, ToRecorder, received)
        self._channels.add(channel)
        channel.closed.add_done_callback(lambda _: self._channels.discard(channel))

    def _received(self, message: ToRecorder) -> None:
        if isinstance(message, WatchSession):
            if message.wanted.asks or self._recorder:
                self._at_work().watch(message.session_id, message.wanted)
        elif isinstance(message, Capture):
            self._at_work().capture(message)
        elif isinstance(message, ForgetSession):
            task = asyncio.create_task(self._forget(message.session_id))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

    def _at_work(self) -> "Recorder":
        """The recorder, made when it is first needed: some tenths of a second."""
        if self._recorder is None:
            from .recorder import Recorder

            self._recorder = Recorder(self._config, self._files, self._tell)
            self._wanted.set()
        return self._recorder

    async def _forget(self, session_id: str) -> None:
        """Remove all that is kept of the session."""
        if self._recorder is not None:
            await self._recorder.forget(session_id)
        else:
            await asyncio.to_thread(self._files.forget, session_id)
        self._tell(SessionForgotten(session_id))

    def _tell(self, message: FromRecorder) -> None:
        for channel in tuple(self._channels):
            with contextlib.suppress(ChannelClosed):  # the api asks again when it is back
                channel.send(message)

    async def tell_every_second(self, on_pass: Callable[[], None]) -> None:
        """Say how it stands."""
        while True:
            files, at_work = self._files, self._recorder.at_work if self._recorder else 0
            self._tell(RecorderStats([*files.sizes], files.nbytes, files.full, at_work))
            on_pass()
            await asyncio.sleep(STATS_EVERY_S)

    async def close(self) -> None:
        """End the connections and what is being made."""
        if self._recorder is not None:
            await self._recorder.close()
        for channel in tuple(self._channels):
            channel.close()
