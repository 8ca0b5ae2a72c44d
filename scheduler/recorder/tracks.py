"""Which rings there are: what the recorder hears from those who own arenas."""

import asyncio

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.arena import ArenaView

from ..contract.media import TrackKind
from ..contract.media_key import MediaKey
from ..media.arena_sources import RingRef


class Tracks:
    """The rings of all tracks that are open. ``opened``: set whenever another one is."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self._rings: dict[TrackKind, dict[MediaKey, RingRef]] = {"video": {}, "audio": {}}

    def ring_opened(self, media: MediaKey, ring: RingRef) -> None:
        """See ``RingObserver``."""
        self._rings[ring.kind][media] = ring
        self.opened.set()

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        """See ``RingObserver``: what a stale track brought before is there still."""

    def ring_closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        """See ``RingObserver``; a takeover's ring may lie in another arena by now."""
        ring = self._rings[kind].get(media)
        if ring is not None and ring.view is view:
            del self._rings[kind][media]

    def of(self, session_id: str, kind: TrackKind) -> dict[MediaKey, RingRef]:
        """The rings of a session's tracks of this kind: one of a publisher, perhaps more of WebSockets."""
        return {media: ring for media, ring in self._rings[kind].items() if media.session_id == session_id}

    def has(self, session_id: str) -> bool:
        """Whether a session has a track."""
        return any(media.session_id == session_id for rings in self._rings.values() for media in rings)

    def find(self, media: MediaKey, kind: TrackKind) -> MediaKey | None:
        """Whose track of this kind belongs to these media: their own, or another socket's of the session."""
        own = self.of(media.session_id, kind)
        return media if media in own else next(iter(own), None)

    def ring(self, media: MediaKey | None, kind: TrackKind) -> RingRef | None:
        """The ring of this track; None: it has none, or none any more."""
        return self._rings[kind].get(media) if media is not None else None
