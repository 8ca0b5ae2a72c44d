"""Which rings there are, by session: what the recorder hears from those who own arenas."""

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.arena import ArenaView

from ..contract.media import TrackKind
from ..contract.media_key import MediaKey
from ..media.arena_sources import RingRef


class Tracks:
    """The rings of all tracks that are open."""

    def __init__(self) -> None:
        self._rings: dict[tuple[MediaKey, TrackKind], RingRef] = {}

    def ring_opened(self, media: MediaKey, ring: RingRef) -> None:
        """See ``RingObserver``."""
        self._rings[media, ring.kind] = ring

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        """See ``RingObserver``: what a stale track brought before is there still."""

    def ring_closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        """See ``RingObserver``; a takeover's ring may lie in another arena by now."""
        ring = self._rings.get((media, kind))
        if ring is not None and ring.view is view:
            del self._rings[media, kind]

    def of(self, session_id: str, kind: TrackKind) -> dict[MediaKey, RingRef]:
        """The rings of a session's tracks of this kind: one of a publisher, perhaps more of WebSockets."""
        return {
            media: ring
            for (media, of_kind), ring in self._rings.items()
            if media.session_id == session_id and of_kind == kind
        }

    def find(self, media: MediaKey, kind: TrackKind) -> RingRef | None:
        """The ring of these media, or another of its session, whose WebSocket brings what theirs does not."""
        rings = self.of(media.session_id, kind)
        return rings.get(media) or next(iter(rings.values()), None)
