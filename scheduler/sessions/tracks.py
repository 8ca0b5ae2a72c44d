"""One session's picture or sound, whatever ring it lies in."""

from ..contract.media_key import MediaKey
from .arena_sources import RingRef
from .moments import ring_clock


class Track:
    """One session's picture or sound: its ring, and its media clock, which goes on when the ring is replaced.

    ``epoch`` counts the rings it had and its silences: what was begun in an earlier one is not absorbed.
    ``blind_since``: when the first of its newest pictures came, none of which could be decoded.
    """

    def __init__(self, media: MediaKey, ring: RingRef) -> None:
        self.media = media
        self.ring = ring
        self.clock = ring_clock(ring)
        self.epoch = 0
        self.blind_since: float | None = None

    def replace(self, ring: RingRef) -> None:
        """Go on with another ring."""
        self.ring = ring
        self.interrupt()

    def interrupt(self) -> None:
        """What was begun until now comes too late."""
        self.epoch += 1
