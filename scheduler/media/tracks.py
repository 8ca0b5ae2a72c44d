"""One session's picture or sound, whatever ring it lies in."""

from argusd.ingest.shm.ring import FrameView

from ..contract.media_key import MediaKey
from ..core import Frame
from .arena_sources import RingRef
from .moments import ring_clock
from .pictures import JpegCache


class Track:
    """One session's picture or sound: its ring, and its media clock, which goes on when the ring is replaced.

    ``epoch`` counts the rings it had and its silences: what was begun in an earlier one is not absorbed.
    ``blind_since``: when the first of its newest pictures came, none of which could be decoded. ``readers``:
    how many rows are fed with its pictures. ``jpegs``: where those are shared that come as JPEGs.
    """

    __slots__ = ("_jpegs", "blind_since", "clock", "epoch", "media", "readers", "ring")

    def __init__(self, media: MediaKey, ring: RingRef, jpegs: JpegCache | None = None) -> None:
        self._jpegs = jpegs or JpegCache()
        self.media = media
        self.ring = ring
        self.clock = ring_clock(ring)
        self.epoch = 0
        self.blind_since: float | None = None
        self.readers = 0

    def replace(self, ring: RingRef) -> None:
        """Go on with another ring."""
        self.close()
        self.ring = ring
        self.interrupt()

    def close(self) -> None:
        """The track is over, or its ring is."""
        self._jpegs.close(self.ring)

    def picture(self, frame: FrameView) -> Frame:
        """A frame of its ring, to be looked at by one role of several."""
        return self._jpegs.open(self.ring, frame, self.readers)

    def interrupt(self) -> None:
        """What was begun until now comes too late."""
        self.epoch += 1
