"""What callers may do with a session."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from weakref import WeakValueDictionary

from argusd.scheduler.contract.errors import (
    HeldElsewhere,
    NoIngestWorker,
    SessionActive,
    SessionNotFound,
    StoreUnavailable,
)
from argusd.scheduler.contract.policy import without_references
from argusd.scheduler.contract.reviews.reviews import Review
from argusd.scheduler.contract.sessions import SessionSpec

from ..events.event_log import EventLog
from ..events.history import History
from ..events.redis_store import STORE_ERRORS
from ..evidence.keeper import EvidenceKeeper
from ..store.erasure import Erasure
from ..streams.live import StreamSockets
from ..tasks.room_scans import RoomScans
from ..workers.affinity import Affinity
from ..workers.ingest_link import IngestLink
from ..workers.ingest_workers import Workers
from .lifecycle import Lifecycle
from .registry import Registry
from .session import Media, Session

log = logging.getLogger(__name__)

TURN_WITHIN_S = 5.0
STORED_WITHIN_S = 3.0
CLOSED_WITHIN_S = 3.0
PLACES_WITHIN_S = 1.0
OFF_DISK_WITHIN_S = 3.0
SWEEP_EVERY_S = 60.0  # or ten times in the retention, if that is more often


class SessionActions:
    """Defines, opens, ends, deletes and in the end forgets sessions."""

    def __init__(
        self,
        registry: Registry,
        lifecycle: Lifecycle,
        event_log: EventLog,
        history: History,
        workers: Workers,
        streams: StreamSockets,
        affinity: Affinity,
        scans: RoomScans,
        erasure: Erasure,
        evidence: EvidenceKeeper,
    ) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._event_log = event_log
        self._history = history
        self._workers = workers
        self._streams = streams
        self._affinity = affinity
        self._scans = scans
        self._erasure = erasure
        self._evidence = evidence
        event_log.let_go = self.let_go
        registry.adopted = lifecycle.adopted
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._going: set[asyncio.Task[None]] = set()  # at most one of each erased session

    async def define(self, session_id: str, spec: SessionSpec) -> tuple[Session, bool]:
        """Create a session or change what is watched in it; True when it is new."""
        known = self._registry.find(session_id)
        before = known.streams if known is not None else []
        replaced = known.record.spec.policy if known is not None else spec.policy
        session, new = await self._registry.put(session_id, spec)
        if replaced not in (spec.policy, without_references(replaced)):
            self._erasure.needed()  # who somebody is may have stood there
        if session.active:
            self._lifecycle.streams_changed(session, before)
        return session, new

    @contextlib.asynccontextmanager
    async def turn(self, session_id: str) -> AsyncIterator[None]:
        """What begins and ends a session's media goes one after the other, in the order of asking.

        Raises:
            SessionActive: the one before takes too long.
        """
        turn = self._turns.setdefault(session_id, asyncio.Lock())
        try:
            async with asyncio.timeout(TURN_WITHIN_S):
                await turn.acquire()
        except TimeoutError:
            raise SessionActive("Somebody else begins or ends this session's media just now.") from None
        try:
            yield
        finally:
            turn.release()

    @property
    def turning(self) -> set[str]:
        """The sessions whose media begin or end just now."""
        return {session_id for session_id, turn in self._turns.items() if turn.locked()}

    def to_replace(self, session_id: str, principal: str) -> Media | None:
        """The media that a new publisher ends: whoever brought a session's media may come back at any time.

        Raises:
            SessionActive: they are somebody else's.
        """
        session = self._registry.find(session_id)
        if session is None or session.media is None or not session.active:
            return None
        if session.media.principal != principal:
            raise SessionActive("Somebody else publishes this session; it must end first.")
        return session.media

    def check_no_publisher(self, session_id: str) -> None:
        """Let WebSockets bring the session's media, or not: they never end a publisher's.

        To be called in the session's turn.

        Raises:
            SessionActive: a publisher does.
        """
        session = self._registry.find(session_id)
        if session is not None and session.active and not session.sockets:
            raise SessionActive("The session has a publisher; its streams need no WebSocket.")

    async def opened(self, session_id: str, media: Media, worker: IngestLink) -> int:
        """The worker has answered: the session's media is about to come; returns the last seq before it.

        Raises:
            NoIngestWorker: the worker has dropped it again while we were busy.
            StoreUnavailable: that could not be stored, so a restarted api would not know of it.
        """
        session = await self._registry.ensure(session_id)
        await self._end_older(session, worker)
        await self._lifecycle.closings.told(session_id)
        await self._stored(self._lifecycle.closings.stored(session_id))
        position = await self._history.newest(session_id)
        stored = self._lifecycle.opened(session, media)
        if session_id not in worker.holding:
            self._lifecycle.lost(session, "worker_gone")
            raise NoIngestWorker("The ingest worker has just gone away; try again.")
        await self._stored(stored)
        for stream in session.streams:
            self.remember_scheduler(session, stream)
        return position

    def remember_scheduler(self, session: Session, stream: str) -> None:
        """Let tasks of the stream's domain go where the stream is watched."""
        if session.media is not None:
            self._affinity.remember(session.session_id, stream, session.media.scheduler)

    async def _end_older(self, session: Session, worker: IngestLink) -> None:
        """End the media that a publisher at ``worker`` replaces, where that worker has not done so itself."""
        if session.media is None or not session.active:
            return
        if session.sockets:
            await self.end_media(session, "replaced")
            return
        # Its worker is hung: it hears of this when it goes on, and nobody waits for that.
        older = self._workers.find(session.media.worker)
        if older is not None and older is not worker:
            older.close(session.session_id)
        self._lifecycle.closed(session, "replaced")

    async def end_media(self, session: Session, reason: str = "deleted") -> None:
        """Have the session's media closed, and wait until it is; to be called in the session's turn."""
        if session.media is None or not session.active:
            return
        self._close_media(session.session_id, session.media, reason)
        try:
            async with asyncio.timeout(CLOSED_WITHIN_S):
                await self._lifecycle.over(session)
        except TimeoutError:
            log.warning("%s did not confirm that a session is closed", session.media.worker)
            self._lifecycle.closed(session, reason)

    def _close_media(self, session_id: str, media: Media, reason: str) -> None:
        self._streams.end_session(session_id, reason)
        if worker := self._workers.find(media.worker):
            worker.close(session_id)

    async def delete(self, session_id: str) -> None:
        """End the session and remove all that is stored of it, and that its tasks have left.

        What is asked for a session of this id meanwhile waits, and is for the next one.

        Raises:
            SessionNotFound: nothing is known of it, nor stored.
            SessionActive: an offer for it is being answered, and takes long.
            StoreUnavailable: it is over, and what is stored of it goes when Redis is back.
        """
        async with self.turn(session_id), self._registry.writing(session_id):
            session = self._registry.find(session_id)
            if session is not None:
                await self.end_media(session)
                await self._lifecycle.closings.told(session_id)
            elif await self._history.knows(session_id):
                await self._registry.hold(session_id)
            else:
                raise SessionNotFound("There is no session with this id.")
            gone = self._erase(session_id, await self._places(session_id))
        await self._stored(gone)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OFF_DISK_WITHIN_S):  # else soon after
                await self._erasure.done()

    async def review(self, session_id: str, review: Review) -> None:
        """Store what somebody makes of one of the session's violations.

        Raises:
            SessionNotFound: there is none of this id (any more).
            SessionActive, StoreUnavailable: see ``turn`` and ``delete``.
        """
        async with self.turn(session_id):
            self._registry.get(session_id)
            await self._stored(self._event_log.review(session_id, review))

    def let_go(self, session_id: str) -> None:
        """End here what is left of a session that went to another host, unless it came back; tell nobody."""
        session = self._registry.find(session_id)
        if session is None or self._registry.holds(session_id):
            return
        if session.media is not None and session.active:
            log.warning("another host holds a session of this one by now; its media end here")
            self._close_media(session_id, session.media, HeldElsewhere.code)
        self._lifecycle.let_go(session)
        self._affinity.lose(session_id)
        self._evidence.let_go(session_id)
        self._registry.lose(session_id)

    async def sweep(self) -> None:
        """Forget sessions past their retention, and those that have gone elsewhere, until cancelled."""
        while True:
            await asyncio.sleep(min(SWEEP_EVERY_S, self._registry.retention_s / 10))
            with contextlib.suppress(*STORE_ERRORS):  # the next look finds them as well
                for session_id in await self._registry.gone():
                    self.let_go(session_id)
            expired = self._registry.expired(time.monotonic())
            for session in expired:
                with contextlib.suppress(HeldElsewhere, SessionActive):  # another host or look forgets it
                    await self._sweep_out(session)
            if expired:
                self._erasure.needed()

    async def _sweep_out(self, session: Session) -> None:
        session_id = session.session_id
        async with self.turn(session_id), self._registry.writing(session_id):
            if not self._registry.has_expired(session, time.monotonic()):
                return  # it has come back meanwhile
            gone = self._erase(session_id, await self._places(session_id))
        await gone  # however long Redis is away

    async def _places(self, session_id: str) -> list[int]:
        """Where a session that is over stands among all events; nothing that tasks left is stored now."""
        await self._scans.forget(session_id)
        await self._affinity.forget(session_id)
        await self._evidence.forget(session_id)
        with contextlib.suppress(*STORE_ERRORS):  # its id among all events is then gone after later ones
            async with asyncio.timeout(PLACES_WITHIN_S):
                await self._lifecycle.closings.stored(session_id)
                return await self._history.places(session_id)
        return []

    def _erase(self, session_id: str, places: list[int]) -> asyncio.Task[None]:
        """Forget a session that is over; done when nothing is stored of it and nobody holds it any more."""
        erased = self._event_log.erase(session_id, places)
        self._registry.erase(session_id, erased)
        going = asyncio.create_task(self._release(session_id, erased))
        self._going.add(going)
        going.add_done_callback(self._gone)
        return going

    def _gone(self, going: asyncio.Task[None]) -> None:
        self._going.discard(going)
        if not going.cancelled():
            going.exception()  # somebody may still wait for it, or nobody

    async def _release(self, session_id: str, erased: asyncio.Future[None]) -> None:
        await erased
        async with self._registry.writing(session_id):
            await self._registry.release(session_id)

    async def _stored(self, written: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                await asyncio.shield(written)
        except TimeoutError:
            why = self._event_log.refusal or "The event store does not answer"
            raise StoreUnavailable(f"{why}; try again later.") from None
