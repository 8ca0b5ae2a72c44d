"""How a sender of pictures that are too large is asked to scale them down. Pure.

Browsers heed neither ``max-fs`` nor H.264's level, but with few bits to spend they send a smaller picture.
So they are told of less and less, every two seconds, until one comes that fits; more than that they never get
again, or the next picture would be too large.
"""

FIRST_BPS = 600_000
LEAST_BPS = 200_000  # the sound takes its part of it first
ASKED_EVERY_NS = 2_000_000_000  # an encoder takes seconds to notice that it lacks bits


class ScaleDown:
    """One track's. ``most`` is what its sender may spend, in bits per second, 0 while that is not limited."""

    def __init__(self) -> None:
        self.most = 0
        self._asked_ns = -ASKED_EVERY_NS

    def too_large(self, now_ns: int) -> bool:
        """Take note of a picture that does not fit; whether ``most`` is to be told now."""
        if now_ns - self._asked_ns < ASKED_EVERY_NS:
            return False
        self._asked_ns = now_ns
        self.most = max(LEAST_BPS, self.most // 2) if self.most else FIRST_BPS
        return True

    def cap(self, bits_per_second: int) -> int:
        """What may be told of the path's estimate."""
        return min(bits_per_second, self.most) if self.most else bits_per_second
