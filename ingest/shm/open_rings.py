"""What a writer has of each session's tracks: told to every reader when it comes, and whenever it changes."""

from collections.abc import Iterator

from argusd.scheduler.contract.media import TrackKind

from ..ipc.messages import TrackClosed, TrackOpened, TrackState
from ..ipc.peers import Peers
from .sink import Ring


class OpenRings:
    """The rings of an arena that hold a track of a session now, and where the tracks stand."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._rings: dict[tuple[str, TrackKind], Ring] = {}
        self._states: dict[tuple[str, TrackKind], TrackState] = {}

    def facts(self) -> Iterator[TrackOpened | TrackState]:
        """What a new reader has to hear."""
        for (session_id, kind), ring in self._rings.items():
            yield TrackOpened(session_id, kind, ring.row, ring.generation)
        yield from self._states.values()

    def opened(self, session_id: str, kind: TrackKind, ring: Ring) -> None:
        """A track has a ring, or another one than before."""
        self._rings[session_id, kind] = ring
        self._peers.tell("reader", TrackOpened(session_id, kind, ring.row, ring.generation))

    def track_changed(self, state: TrackState) -> None:
        """A track is there, or stands otherwise than before."""
        self._states[state.session_id, state.kind] = state
        self._peers.tell("reader", state)

    def closed(self, session_id: str, kind: TrackKind) -> None:
        """The track is over; a no-op if there never was one."""
        ring, state = self._rings.pop((session_id, kind), None), self._states.pop((session_id, kind), None)
        if ring is not None or state is not None:
            self._peers.tell("reader", TrackClosed(session_id, kind))
