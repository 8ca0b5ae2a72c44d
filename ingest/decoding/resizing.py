"""How often a track's pictures may change their size.

Each change takes another ring, and every reader of the arena is told of it: a sender that goes back and forth
between two sizes would keep them all busy. One that turns its camera, or finds its bandwidth, changes a few
times a minute.
"""

MOST_AT_ONCE = 8
EVERY_NS = 500_000_000  # one more

Size = tuple[int, ...]


class SizeChanges:
    """Looks at one track's pictures in order."""

    def __init__(self) -> None:
        self._size: Size = ()
        self._saved_ns = MOST_AT_ONCE * EVERY_NS
        self._looked_ns = 0

    def allows(self, size: Size, now_ns: int) -> bool:
        """Whether a picture of this size may be published; one of the same size as the last always may."""
        if size == self._size:
            return True
        self._saved_ns = min(MOST_AT_ONCE * EVERY_NS, self._saved_ns + now_ns - self._looked_ns)
        self._looked_ns = now_ns
        if self._saved_ns < EVERY_NS:
            return False
        self._saved_ns -= EVERY_NS
        self._size = size
        return True
