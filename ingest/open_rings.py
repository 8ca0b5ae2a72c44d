"""Which rings a writer has: told to every reader when it comes, and whenever one changes."""

from collections.abc import Iterator

from .messages import StreamClosed, StreamKind, StreamOpened
from .peers import Peers
from .sink import Ring


class OpenRings:
    """The rings of an arena that hold a track of a session now, by session and kind."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._rings: dict[tuple[str, StreamKind], Ring] = {}

    def facts(self) -> Iterator[StreamOpened]:
        """What a new reader has to hear."""
        for (session_id, kind), ring in self._rings.items():
            yield StreamOpened(session_id, kind, ring.row, ring.generation)

    def opened(self, session_id: str, kind: StreamKind, ring: Ring) -> None:
        """A track has a ring, or another one than before."""
        self._rings[session_id, kind] = ring
        self._peers.tell("reader", StreamOpened(session_id, kind, ring.row, ring.generation))

    def closed(self, session_id: str, kind: StreamKind) -> None:
        """The track is over; a no-op if it never had a ring."""
        if self._rings.pop((session_id, kind), None) is not None:
            self._peers.tell("reader", StreamClosed(session_id, kind))
