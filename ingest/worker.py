"""What an ingest worker holds: sessions by command, rings for readers.

The api connects as controller and each scheduler as reader (see messages.py). Sessions outlive both: whoever
connects is told what is true now, then what changes.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgspec

from argusd.scheduler.contract.errors import ServiceError
from argusd.scheduler.contract.logs.about import about
from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

from .admission import Admission, refusal
from .config import IngestConfig
from .decoding.picture_limit import picture_limit
from .ice.ice_sockets import IceSockets
from .ipc.messages import (
    CloseSession,
    Command,
    IngestStats,
    OpenSession,
    Role,
    SessionAnswer,
    SessionState,
    TrackCounters,
    TrackState,
)
from .ipc.peers import Answer, Peers
from .liveness import Standing
from .offers.agreement import Agreement
from .offers.negotiation import negotiate
from .session import Session
from .shm.arena import Arena
from .shm.open_rings import OpenRings
from .shm.sink import Ring

log = logging.getLogger(__name__)

SHUTDOWN_S = 6.0


class Worker:
    """Holds the sessions; a session's Observer. Nothing in it blocks the loop.

    Raises:
        ArenaTooSmall: no session fits.
    """

    def __init__(self, config: IngestConfig, arena: Arena, sockets: IceSockets) -> None:
        self._config = config
        self._arena = arena
        self._sockets = sockets
        self._limit = picture_limit(config, arena.capacity)
        self._admission = Admission(config, arena)
        self._admission.check_arena()
        self._sessions = self._admission.sessions
        self._tasks: set[asyncio.Task[None]] = set()
        self.peers = Peers(config.name, arena, self._facts, self._command)
        self._rings = OpenRings(self.peers)

    def _facts(self, role: Role) -> Iterator[msgspec.Struct]:
        if role == "controller":
            for session in self._sessions.values():
                yield SessionState(session.session_id, session.standing.state)
                yield from (track.state for track in session.tracks)
        else:
            yield from self._rings.facts()

    def _command(self, command: Command, answer: Answer) -> None:
        with about(command.session_id):
            if isinstance(command, OpenSession):
                self._open(command, answer)
            elif (session := self._sessions.get(command.session_id)) is None:
                log.debug("the session has ended meanwhile")
            elif isinstance(command, CloseSession):
                session.close("deleted")
            else:
                session.want(command.kinds, command.pictures_hz)

    def _open(self, command: OpenSession, answer: Answer) -> None:
        try:
            session = self._admit(command, negotiate(command.offer_sdp, self._limit))
        except Exception as error:
            answer(refusal(command, error))
        else:
            self._spawn(self._answer(session, command, answer))

    async def _answer(self, session: Session, command: OpenSession, answer: Answer) -> None:
        try:
            agreed = await session.answer()
        except Exception as error:
            answer(refusal(command, error))
            session.close("refused")
            await session.closed()
            return
        answer(SessionAnswer(command.request, agreed.sdp, tuple(agreed.kinds), agreed.ice_ufrag))
        self.standing_changed(command.session_id, session.standing)
        for track in session.tracks:
            self.track_changed(track.state)

    def _admit(self, command: OpenSession, agreement: Agreement) -> Session:
        """A session with room of its own."""
        self._admission.make_room(command, agreement.kinds)
        session = Session(
            command.session_id,
            agreement,
            self._limit,
            self._config,
            self._arena,
            self._sockets,
            self,
            command.client,
        )
        self._sessions[command.session_id] = session
        return session

    def track_opened(self, session_id: str, kind: TrackKind, ring: Ring) -> None:
        """Tell readers of a new ring."""
        self._rings.opened(MediaKey(session_id), kind, ring)

    def track_changed(self, state: TrackState) -> None:
        """Tell everybody where a session's track stands, readers last: what they find of it comes after."""
        if state.media.session_id in self._sessions:
            self.peers.tell("controller", state)
            self._rings.track_changed(state)

    def standing_changed(self, session_id: str, standing: Standing) -> None:
        """Tell controllers of a session's state; a closed one's streams are gone.

        A session that is closed says nothing more, so the id is never that of another one which replaced it.
        """
        session = self._sessions.get(session_id)
        if session is None:
            return
        if standing.state == "closed":
            del self._sessions[session_id]
            self._spawn(session.closed())
            self._rings.closed(MediaKey(session_id))
        self.peers.tell("controller", SessionState(session_id, *standing))

    def check(self) -> None:
        """Let every session notice what time does."""
        now_ns = time.monotonic_ns()
        self._each_session(lambda session: session.check(now_ns))

    def _each_session(self, act: Callable[[Session], object]) -> None:
        """What fails for one session ends that one, and the others go on."""
        for session in self._admission:
            with about(session.session_id):
                try:
                    act(session)
                except Exception as error:
                    log_fault(log, "the session ends, something in it failed", error)
                    session.close(ServiceError.code)

    def report(self, loop_lag_ms: float) -> None:
        """Report to the senders over RTCP and to the controllers."""
        tracks: list[TrackCounters] = []
        self._each_session(Session.report)
        self._each_session(lambda session: tracks.extend(session.counters()))
        stats = IngestStats(
            sessions=len(self._sessions),
            max_sessions=self._config.max_sessions,
            arena_bytes=self._arena.nbytes,
            arena_free_bytes=self._arena.free_bytes,
            arena_fits_more=self._admission.arena_fits_more,
            half_open=len(self._admission.half_open),
            loop_lag_ms=loop_lag_ms,
            tracks=tracks,
            dropped=dict(self._sockets.dropped),
            reachable=self._sockets.reachable,
        )
        self.peers.tell("controller", stats)

    async def close(self) -> None:
        """End every session and wait a while for their sockets."""
        for session in self._admission:
            session.close("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SHUTDOWN_S)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
