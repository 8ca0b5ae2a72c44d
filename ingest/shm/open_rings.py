"""What a writer has of each session's tracks: told to every reader when it comes, and whenever it changes."""

from collections.abc import Iterator
from typing import get_args

from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

from ..ipc.messages import TrackClosed, TrackOpened, TrackState
from ..ipc.peers import Peers
from .sink import Ring


class OpenRings:
    """The rings of an arena that hold a track of a session now, and where the tracks stand."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._rings: dict[tuple[MediaKey, TrackKind], Ring] = {}
        self._states: dict[tuple[MediaKey, TrackKind], TrackState] = {}

    def facts(self) -> Iterator[TrackOpened | TrackState]:
        """What a new reader has to hear."""
        for (media, kind), ring in self._rings.items():
            yield TrackOpened(media, kind, ring.place, ring.generation)
        yield from self._states.values()

    def opened(self, media: MediaKey, kind: TrackKind, ring: Ring) -> None:
        """A track has a ring, or another one than before."""
        self._rings[media, kind] = ring
        self._peers.tell("reader", TrackOpened(media, kind, ring.place, ring.generation))

    def track_changed(self, state: TrackState) -> None:
        """A track is there, or stands otherwise than before."""
        self._states[state.media, state.kind] = state
        self._peers.tell("reader", state)

    def closed(self, media: MediaKey) -> None:
        """Its tracks are over; a no-op for one that never was."""
        for kind in get_args(TrackKind):
            ring, state = self._rings.pop((media, kind), None), self._states.pop((media, kind), None)
            if ring is not None or state is not None:
                self._peers.tell("reader", TrackClosed(media, kind))
