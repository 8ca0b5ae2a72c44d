"""How much a sender may send. Pure."""

from typing import NamedTuple


class BitrateLimits(NamedTuple):
    """In bits per second: what a sender may begin with, and the most it shall send, 0 for no limit."""

    start: int
    most: int = 0

    def cap(self, bits_per_second: int) -> int:
        """The rate itself, or the most that there shall be."""
        return min(bits_per_second, self.most) if self.most else bits_per_second
