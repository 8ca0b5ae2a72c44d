"""The last seconds of a track's pictures, small, for a clip that may come."""

from collections import deque

from argusd.ingest.shm.ring import FrameReader

from ..media.arena_sources import RingRef
from .pictures import Shot, small

PICTURES_HZ = 8.0


class Preroll:
    """Pictures of one track. Its overflow policy: the oldest goes; some 1 MB are kept of five seconds.

    ``look`` is called in one thread, and whatever takes what it saw runs in the same.
    """

    def __init__(self, ring: RingRef, seconds: float) -> None:
        self._shots: deque[Shot] = deque(maxlen=max(1, round(seconds * PICTURES_HZ)))
        self._seconds = seconds
        self.follow(ring)

    def follow(self, ring: RingRef) -> None:
        """Look into this ring from now on: the track's geometry has changed."""
        self.ring = ring
        self._reader = FrameReader(ring.view, ring.place, ring.generation)

    def shots(self, now: float) -> list[Shot]:
        """Those of the last seconds before ``now`` (monotonic); where looks came late they are few."""
        return [shot for shot in self._shots if shot.info.arrival_ns / 1e9 >= now - self._seconds]

    def look(self) -> Shot | None:
        """Keep the newest picture, if it is a new one that nobody overwrites meanwhile."""
        frame = self._reader.newest()
        shot = small(frame) if frame is not None else None
        if shot is not None:
            self._shots.append(shot)
        return shot
