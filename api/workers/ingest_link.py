"""The control connection to one ingest worker."""

import asyncio
import contextlib
import logging
import socket
import time
from itertools import count
from pathlib import Path
from typing import Protocol

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel, keep_connected
from argusd.ingest.ipc.messages import (
    CloseSession,
    Command,
    Hello,
    IngestStats,
    OpenSession,
    Place,
    SessionAnswer,
    SessionRefused,
    SessionState,
    ToController,
    TrackState,
    TracksWanted,
)
from argusd.scheduler.contract.errors import NoIngestWorker, WorkerTimeout, error_of
from argusd.scheduler.contract.media import TrackKind

from ..sessions.tracks import Receptions, receptions_of
from .ingest_counters import IngestCounters

log = logging.getLogger(__name__)

STATS_STALE_S = 3.0


class WorkerListener(Protocol):
    """Who wants to know what happens to a worker's sessions."""

    def media_changed(self, worker: str, state: SessionState) -> None:
        """A session's media came into another state."""

    def track_changed(self, worker: str, state: TrackState) -> None:
        """A session's track stands otherwise than before; told again for every one after connecting."""

    def media_listed(self, worker: str, session_ids: frozenset[str]) -> None:
        """After connecting: these are all the sessions that the worker holds."""

    def worker_gone(self, worker: str) -> None:
        """The worker is not there (any more), and its sessions neither."""


class IngestLink:
    """One worker as the api sees it: opens and closes sessions there, knows its load and health.

    ``holding``: the sessions whose media it holds, as far as it has told. ``receptions``: how each of their
    tracks arrived over the last second.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.stats: IngestStats | None = None
        self.receptions: Receptions = {}
        self.counters = IngestCounters()
        self._path = path
        self._channel: Channel[ToController] | None = None
        self.holding: set[str] = set()
        self._wanted: dict[str, TracksWanted] = {}
        self._listing = True
        self._requests = count(1)
        self._answers: dict[int, tuple[str, asyncio.Future[SessionAnswer]]] = {}
        self.told_at = 0.0  # monotonic seconds of the newest figures

    @property
    def healthy(self) -> bool:
        """Connected, and heard of within the last seconds."""
        return self.stats is not None and time.monotonic() - self.told_at < STATS_STALE_S

    @property
    def load(self) -> float:
        """How full the worker is, 0..1, with what is being opened now; 1 while it is not healthy."""
        if self.stats is None or not self.healthy or self.stats.max_sessions <= 0:
            return 1.0
        return (self.stats.sessions + len(self._answers)) / self.stats.max_sessions

    @property
    def half_open(self) -> int:
        """Its sessions whose sender has no path yet."""
        return self.stats.half_open if self.stats is not None else 0

    @property
    def full(self) -> bool:
        """Whether it has no place for another session; those that are half-open give way."""
        if self.stats is None or not self.healthy:
            return True
        return self.stats.sessions - self.stats.half_open + len(self._answers) >= self.stats.max_sessions

    @property
    def fits_more(self) -> int:
        """Sessions that it still has room for, by their number and in shared memory; 0 while not healthy."""
        if self.stats is None or not self.healthy:
            return 0
        places = self.stats.max_sessions - self.stats.sessions
        return max(0, min(places, self.stats.arena_fits_more) - len(self._answers))

    async def run(self, listener: WorkerListener) -> None:
        """Stay connected, until cancelled."""

        async def session(sock: socket.socket) -> None:
            await self._session(sock, listener)

        await keep_connected(self._path, session, away=lambda: listener.worker_gone(self.name))

    async def open(
        self,
        session_id: str,
        offer: str,
        timeout_s: float,
        *,
        replace: bool,
        client: str = "",
        place: Place = "free",
    ) -> SessionAnswer:
        """Have the worker terminate this offer, in place of an open session's or not; returns its answer.

        ``client``, ``place``: see OpenSession.

        Raises:
            NoIngestWorker: it went away meanwhile.
            WorkerTimeout: it did not answer in time; the session is closed there, should it open later.
            ServiceError: the worker refuses the offer.
        """
        request = next(self._requests)
        future: asyncio.Future[SessionAnswer] = asyncio.get_running_loop().create_future()
        self._answers[request] = session_id, future
        try:
            self._send(OpenSession(request, session_id, offer, replace, client, place))
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            self.close(session_id)
            raise WorkerTimeout("The ingest worker did not answer in time.") from None
        finally:
            del self._answers[request]

    def close(self, session_id: str) -> None:
        """Have the worker end the session's media; a no-op where it holds none."""
        with contextlib.suppress(NoIngestWorker):
            self._send(CloseSession(session_id))

    def want(self, session_id: str, kinds: tuple[TrackKind, ...], pictures_hz: float) -> None:
        """Have these of a session's tracks decoded, its others only received; told on every connection.

        ``pictures_hz``: see TracksWanted.
        """
        wanted = self._wanted[session_id] = TracksWanted(session_id, kinds, pictures_hz)
        with contextlib.suppress(NoIngestWorker):
            self._send(wanted)

    def _send(self, message: Command) -> None:
        if self._channel is None:
            raise NoIngestWorker("The ingest worker is away; try again.")
        try:
            self._channel.send(message)
        except ChannelClosed as error:
            raise NoIngestWorker("The ingest worker has just gone away; try again.") from error

    async def _session(self, sock: socket.socket, listener: WorkerListener) -> None:
        channel = Channel[ToController](sock, ToController, lambda message: self._received(message, listener))
        self._listing = True
        try:
            channel.send(Hello("controller", "api"))
            for wanted in self._wanted.values():
                channel.send(wanted)
            self._channel = channel
            await asyncio.wait([channel.closed])
        except ChannelClosed:
            log.info("%s hung up at once", self.name)
        finally:
            channel.close()
        self._disconnected(listener)  # not when we are the ones who leave

    def _disconnected(self, listener: WorkerListener) -> None:
        self._channel = self.stats = None
        self.receptions = {}
        self.holding.clear()
        for _, future in self._answers.values():
            if not future.done():
                future.set_exception(NoIngestWorker("The ingest worker went away; try again."))
        listener.worker_gone(self.name)

    def _received(self, message: ToController, listener: WorkerListener) -> None:
        if isinstance(message, SessionState):
            if message.state == "closed":
                self.holding.discard(message.session_id)
                self._wanted.pop(message.session_id, None)
            else:
                self.holding.add(message.session_id)
            listener.media_changed(self.name, message)
        elif isinstance(message, TrackState):
            listener.track_changed(self.name, message)
        elif isinstance(message, IngestStats):
            self.stats, self.told_at = message, time.monotonic()
            self.receptions = receptions_of(message)
            self.counters.absorb(message)
            self._end_listing(listener)
        else:
            self._answered(message)

    def _end_listing(self, listener: WorkerListener) -> None:
        # The worker lists what it holds right after Hello, so it is complete when the first figures come.
        if self._listing:
            self._listing = False
            for session_id in self._wanted.keys() - self.holding:
                del self._wanted[session_id]
            listener.media_listed(self.name, frozenset(self.holding))

    def _answered(self, message: SessionAnswer | SessionRefused) -> None:
        session_id, future = self._answers.get(message.request, ("", None))
        if future is None or future.done():
            return
        if isinstance(message, SessionAnswer):
            self.holding.add(session_id)
            future.set_result(message)
        else:
            future.set_exception(error_of(message.code, message.sentence))
