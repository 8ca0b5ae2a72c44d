"""The ingest worker: sessions by command, rings for readers, one process, one loop.

The api connects as controller and each scheduler as reader (see messages.py). Sessions outlive both: whoever
connects is told what is true now, then what changes.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Iterator
from typing import Any

import msgspec

from argusd.scheduler.contract.errors import (
    ArenaExhausted,
    Overloaded,
    RateLimited,
    ServiceError,
    SessionExists,
    WorkerFull,
)
from argusd.scheduler.contract.logs.about import about
from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

from .codecs.opus import check_libopus
from .config import IngestConfig
from .decoding.picture_limit import picture_limit
from .errors import ArenaFull, ArenaTooSmall
from .guard import check_aioice
from .half_open import HalfOpen, gives_way
from .ice.ice_sockets import IceSockets
from .ipc.channel import Listener
from .ipc.messages import (
    CloseSession,
    IngestStats,
    OpenSession,
    Place,
    Role,
    SessionAnswer,
    SessionRefused,
    SessionState,
    TrackCounters,
    TrackState,
)
from .ipc.peers import Answer, Peers
from .liveness import Standing
from .offers.agreement import Agreement
from .offers.negotiation import negotiate
from .session import Session, track_rooms
from .shm.arena import Arena
from .shm.open_rings import OpenRings
from .shm.sink import Ring
from .transport import check_aiortc

log = logging.getLogger(__name__)

CHECK_S = 0.5
CHECKS_PER_REPORT = 2
SHUTDOWN_S = 6.0


class Worker:
    """Holds the sessions; a session's Observer. Nothing in it blocks the loop."""

    def __init__(self, config: IngestConfig, arena: Arena, sockets: IceSockets) -> None:
        self._config = config
        self._arena = arena
        self._sockets = sockets
        self._limit = picture_limit(config, arena.capacity)
        self._track_rooms = track_rooms(config)
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.peers = Peers(config.name, arena, self._facts, self._command)
        self._rings = OpenRings(self.peers)

    def check_arena(self) -> None:
        """See that one session fits.

        Raises:
            ArenaTooSmall: none ever would.
        """
        rooms = tuple(self._track_rooms.values())
        if not self._arena.fits(rooms, most=1):
            needed = -(-(self._arena.nbytes - self._arena.capacity + sum(rooms)) >> 20)
            raise ArenaTooSmall(f"no session fits into the arena; raise ingest.arena_mib to {needed}")

    def _facts(self, role: Role) -> Iterator[msgspec.Struct]:
        if role == "controller":
            for session in self._sessions.values():
                yield SessionState(session.session_id, session.standing.state)
                yield from (track.state for track in session.tracks)
        else:
            yield from self._rings.facts()

    def _command(self, command: OpenSession | CloseSession, answer: Answer) -> None:
        with about(command.session_id):
            if isinstance(command, OpenSession):
                self._open(command, answer)
            elif command.session_id in self._sessions:
                self._sessions[command.session_id].close("deleted")

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
        """A session with room of its own. One that it replaces ends for no offer that is refused."""
        session_id, config = command.session_id, self._config
        older = self._sessions.get(session_id)
        if older is not None and not command.replace:
            raise SessionExists(f"session {session_id} is open on this worker")
        self._make_room(command, agreement.kinds, older)
        if older is not None:
            older.close("replaced")
        session = Session(
            session_id, agreement, self._limit, config, self._arena, self._sockets, self, command.client
        )
        self._sessions[session_id] = session
        return session

    def _make_room(self, command: OpenSession, kinds: Collection[TrackKind], older: Session | None) -> None:
        """See that there is a place and shared memory; where it lacks, what is half-open gives way."""
        if older is None:
            if command.place != "free" and not self._end_half_open(command):
                raise no_place(command.place)
            if len(self._sessions) >= self._config.max_sessions and not self._end_half_open(command):
                raise WorkerFull(f"the worker holds its {self._config.max_sessions} sessions")
        rooms = [self._track_rooms[kind] for kind in kinds]
        while not self._arena.fits(rooms, released=older.rooms if older else (), most=1):
            if not self._end_half_open(command):
                raise ArenaExhausted("there is no room in shared memory for the session's tracks")

    def _end_half_open(self, command: OpenSession) -> bool:
        """End a session that has no path yet in favour of this one; whether there was one to end."""
        others = [each for each in self._half_open() if each.session_id != command.session_id]
        found = gives_way(others, command.client, to_its_own=command.place == "of_client")
        if found is not None:
            self._sessions[found.session_id].close("never_connected", "it gave way to another session")
        return found is not None

    def _half_open(self) -> list[HalfOpen]:
        return [half_open for each in self._sessions.values() if (half_open := each.half_open)]

    def track_opened(self, session_id: str, kind: TrackKind, ring: Ring) -> None:
        """Tell readers of a new ring."""
        self._rings.opened(MediaKey(session_id), kind, ring)

    def track_changed(self, state: TrackState) -> None:
        """Tell everybody where a session's track stands."""
        if state.media.session_id in self._sessions:
            self._rings.track_changed(state)
            self.peers.tell("controller", state)

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
        for session in tuple(self._sessions.values()):
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
            arena_fits_more=self._arena.fits(tuple(self._track_rooms.values())),
            half_open=len(self._half_open()),
            loop_lag_ms=loop_lag_ms,
            tracks=tracks,
            dropped=dict(self._sockets.dropped),
            reachable=self._sockets.reachable,
        )
        self.peers.tell("controller", stats)

    async def close(self) -> None:
        """End every session and wait a while for their sockets."""
        for session in tuple(self._sessions.values()):
            session.close("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SHUTDOWN_S)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def no_place(wanted: Place) -> ServiceError:
    """Why a session has none, where no half-open one gives way."""
    if wanted == "of_client":
        return RateLimited("as many of your sessions as may have yet to connect; try again in a moment")
    return Overloaded("no further session fits without making all of them late")


def refusal(command: OpenSession, error: Exception) -> SessionRefused:
    """What the controller is told of a session that cannot be opened; a fault of ours has no more words."""
    if not isinstance(error, ServiceError | ArenaFull):
        log_fault(log, "the session cannot be opened", error)
        error = ServiceError()
    return SessionRefused(command.request, error.code, str(error))


async def run_worker(
    config: IngestConfig,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set; ``on_ready`` is called once the socket listens.

    ``on_pass`` is called each time that all sessions have been looked after.

    Raises:
        ArenaUnavailable, ArenaTooSmall, UnsupportedPlatform: no shared memory, or not enough.
        PortUnavailable: another program uses a configured port.
        CredentialUnreadable: the credential of an ICE server cannot be read.
        IncompatibleLibrary: aioice or aiortc is not the pinned one, or PyAV has no libopus.
    """
    check_aioice()
    check_aiortc()
    check_libopus()
    sockets = IceSockets(config)
    await sockets.open()
    arena = Arena(config.arena_mib << 20, "ingest.arena_mib")
    worker = Worker(config, arena, sockets)
    worker.check_arena()
    listener = Listener(config.socket_path, worker.peers.accept)
    log.info("%s listens with %d MiB of shared memory", config.name, config.arena_mib)
    on_ready()
    try:
        await _watch(worker, stop, on_pass)
    finally:
        listener.close()
        await worker.close()
        sockets.close()
        worker.peers.close()
        await asyncio.sleep(0)  # the connections' last callbacks use the arena
        arena.close()


async def _watch(worker: Worker, stop: asyncio.Event, on_pass: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.ensure_future(stop.wait())
    checks, worst_lag_s = 0, 0.0
    while not stopped.done():
        due = loop.time() + CHECK_S
        await asyncio.wait([stopped], timeout=CHECK_S)
        worst_lag_s = max(worst_lag_s, loop.time() - due)
        worker.check()
        on_pass()
        checks += 1
        if checks % CHECKS_PER_REPORT == 0:
            worker.report(1000 * max(0.0, worst_lag_s))
            worst_lag_s = 0.0
