"""What a writer has of each session's tracks: told to every reader when it comes, and whenever it changes."""

from collections.abc import Iterator

from .messages import StreamClosed, StreamKind, StreamOpened, TrackState
from .peers import Peers
from .sink import Ring


class OpenRings:
    """The rings of an arena that hold a track of a session now, and where the tracks stand."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._rings: dict[tuple[str, StreamKind], Ring] = {}
        self._states: dict[tuple[str, StreamKind], TrackState] = {}

    def facts(self) -> Iterator[StreamOpened | TrackState]:
        """What a new reader has to hear."""
        for (session_id, kind), ring in self._rings.items():
            yield StreamOpened(session_id, kind, ring.row, ring.generation)
        yield from self._states.values()

    def opened(self, session_id: str, kind: StreamKind, ring: Ring) -> None:
        """A track has a ring, or another one than before."""
        self._rings[session_id, kind] = ring
        self._peers.tell("reader", StreamOpened(session_id, kind, ring.row, ring.generation))

    def track_changed(self, state: TrackState) -> None:
        """A track is there, or stands otherwise than before."""
        self._states[state.session_id, state.kind] = state
        self._peers.tell("reader", state)

    def closed(self, session_id: str, kind: StreamKind) -> None:
        """The track is over; a no-op if there never was one."""
        ring, state = self._rings.pop((session_id, kind), None), self._states.pop((session_id, kind), None)
        if ring is not None or state is not None:
            self._peers.tell("reader", StreamClosed(session_id, kind))
