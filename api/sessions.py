"""What callers may do with a session."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator

from .affinity import Affinity
from .errors import NoIngestWorker, SessionActive, StoreUnavailable
from .ingest_link import IngestLink
from .journal import Journal
from .lifecycle import Lifecycle, policies_of
from .registry import Registry
from .scheduler_link import SchedulerLink
from .session import Media, Session, SessionSpec
from .streams.live import LiveStreams
from .workers import Workers

log = logging.getLogger(__name__)

STORED_WITHIN_S = 3.0
CLOSED_WITHIN_S = 3.0
SWEEP_EVERY_S = 60.0


class Sessions:
    """Defines, opens, ends, deletes and in the end forgets sessions."""

    def __init__(
        self,
        registry: Registry,
        lifecycle: Lifecycle,
        journal: Journal,
        scheduler: SchedulerLink,
        workers: Workers,
        streams: LiveStreams,
        affinity: Affinity,
    ) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._journal = journal
        self._scheduler = scheduler
        self._workers = workers
        self._streams = streams
        self._affinity = affinity
        self._opening: set[str] = set()

    async def define(self, session_id: str, spec: SessionSpec) -> tuple[Session, bool]:
        """Create a session or change what is watched in it; True when it is new."""
        session, new = await self._registry.put(session_id, spec)
        if session.active:
            for policy in policies_of(session):
                self._scheduler.watch(policy)
        return session, new

    @contextlib.contextmanager
    def opening(self, session_id: str) -> Iterator[None]:
        """Keep a session's one publisher's place while its offer is being answered.

        Raises:
            SessionActive: the place is taken.
        """
        session = self._registry.find(session_id)
        if session_id in self._opening or (session is not None and session.active):
            raise SessionActive("The session already has a publisher; delete its resource first.")
        self._opening.add(session_id)
        try:
            yield
        finally:
            self._opening.discard(session_id)

    def check_no_publisher(self, session: Session) -> None:
        """Let WebSockets bring the session's media, or not.

        Raises:
            SessionActive: a publisher does, or is about to.
        """
        if session.session_id in self._opening or (session.active and not session.sockets):
            raise SessionActive("The session has a publisher; its streams need no WebSocket.")

    async def opened(self, session_id: str, media: Media, worker: IngestLink) -> None:
        """The worker has answered: the session's media is about to come.

        Raises:
            NoIngestWorker: the worker has dropped it again while we were busy.
            StoreUnavailable: that could not be stored, so a restarted api would not know of it.
        """
        session = self._registry.find(session_id)
        if session is None:
            session, _ = await self._registry.put(session_id, SessionSpec())
        stored = self._lifecycle.opened(session, media)
        if session_id not in worker.holding:
            self._lifecycle.lost(session, "worker_gone")
            raise NoIngestWorker("The ingest worker has just gone away; try again.")
        await self._stored(stored)
        for stream in session.streams:
            await self._affinity.remember(session_id, stream, self._scheduler.name)

    async def end_media(self, session: Session) -> None:
        """Have the session's media closed, and wait until it is."""
        if session.media is None or not session.active:
            return
        self._streams.end_session(session.session_id)
        if worker := self._workers.find(session.media.worker):
            worker.close(session.session_id)
        try:
            async with asyncio.timeout(CLOSED_WITHIN_S):
                await self._lifecycle.over(session)
        except TimeoutError:
            log.warning("%s did not confirm that a session is closed", session.media.worker)
            self._lifecycle.closed(session, "deleted")

    async def delete(self, session: Session) -> None:
        """End the session and remove all that is stored of it.

        Raises:
            StoreUnavailable: it is over, and what is stored of it goes when Redis is back.
        """
        await self.end_media(session)
        self._lifecycle.release(session.session_id)
        self._registry.remove(session.session_id)
        await self._affinity.forget(session.session_id)
        await self._stored(self._journal.erase(session.session_id))

    async def sweep(self) -> None:
        """Forget sessions past their retention, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            for session in self._registry.expired(time.time()):
                self._registry.remove(session.session_id)
                self._journal.erase(session.session_id)

    async def _stored(self, written: asyncio.Future[None]) -> None:
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                await asyncio.shield(written)
        except TimeoutError:
            raise StoreUnavailable("The event store does not answer; try again.") from None
