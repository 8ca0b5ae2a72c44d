"""Which sessions have a place on a worker, and which give theirs away."""

import logging
from collections.abc import Collection, Iterator

from argusd.scheduler.contract.errors import (
    ArenaExhausted,
    Overloaded,
    RateLimited,
    ServiceError,
    SessionExists,
    WorkerFull,
)
from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.media import TrackKind

from .config import IngestConfig
from .errors import ArenaFull, ArenaTooSmall
from .half_open import HalfOpen, gives_way
from .ipc.messages import OpenSession, Place, SessionRefused
from .session import Session, track_rooms
from .shm.arena import Arena

log = logging.getLogger(__name__)


class Admission:
    """The sessions of a worker, by id, and whether one more fits: by their number and in shared memory."""

    def __init__(self, config: IngestConfig, arena: Arena) -> None:
        self._max_sessions = config.max_sessions
        self._arena = arena
        self._track_rooms = track_rooms(config)
        self.sessions: dict[str, Session] = {}

    @property
    def half_open(self) -> list[HalfOpen]:
        """Those whose sender has no path yet."""
        return [half_open for each in self.sessions.values() if (half_open := each.half_open)]

    @property
    def arena_fits_more(self) -> int:
        """For how many more ordinary sessions there is shared memory."""
        return self._arena.fits(tuple(self._track_rooms.values()))

    def __iter__(self) -> Iterator[Session]:
        """All of them; they may come and go meanwhile."""
        return iter(tuple(self.sessions.values()))

    def check_arena(self) -> None:
        """See that one session fits.

        Raises:
            ArenaTooSmall: none ever would.
        """
        rooms = tuple(self._track_rooms.values())
        if not self._arena.fits(rooms, most=1):
            needed = -(-(self._arena.nbytes - self._arena.capacity + sum(rooms)) >> 20)
            raise ArenaTooSmall(f"no session fits into the arena; raise ingest.arena_mib to {needed}")

    def make_room(self, command: OpenSession, kinds: Collection[TrackKind]) -> None:
        """See that there are a place and shared memory for a session with tracks of these kinds.

        Where they lack, what is half-open gives way. A session that it replaces ends, but for no offer that
        is refused.

        Raises:
            SessionExists: a session of this id is open, and not to be replaced.
            RateLimited, Overloaded, WorkerFull, ArenaExhausted: there is no room.
        """
        older = self.sessions.get(command.session_id)
        if older is None:
            self._make_place(command)
        elif not command.replace:
            raise SessionExists(f"session {command.session_id} is open on this worker")
        rooms = [self._track_rooms[kind] for kind in kinds]
        while not self._arena.fits(rooms, released=older.rooms if older else (), most=1):
            if not self._end_half_open(command):
                raise ArenaExhausted("there is no room in shared memory for the session's tracks")
        if older is not None:
            older.close("replaced")

    def _make_place(self, command: OpenSession) -> None:
        if command.place != "free" and not self._end_half_open(command):
            raise no_place(command.place)
        if len(self.sessions) >= self._max_sessions and not self._end_half_open(command):
            raise WorkerFull(f"the worker holds its {self._max_sessions} sessions")

    def _end_half_open(self, command: OpenSession) -> bool:
        """End a session that has no path yet in favour of this one; whether there was one to end."""
        others = [each for each in self.half_open if each.session_id != command.session_id]
        found = gives_way(others, command.client, to_its_own=command.place == "of_client")
        if found is not None:
            self.sessions[found.session_id].close("never_connected", "it gave way to another session")
        return found is not None


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
