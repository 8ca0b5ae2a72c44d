"""Keeps a ring's sample count in step with the sender's clock. Pure.

In a ring samples follow one another at their rate, and only the newest write is dated. A client that was
muted, or whose audio clock drifts from the one it stamps with, leaves gaps: they become silence, so that
older samples keep their time.
"""

from typing import NamedTuple

SECOND_NS = 1_000_000_000
TOLERATED_NS = 80_000_000  # stamps are taken when a callback runs, which is not when sound was captured
LONGEST_FILLED_NS = SECOND_NS


class SamplePlace(NamedTuple):
    """What becomes of a message's samples.

    ``silence``: samples of it to put before them. ``skipped``: how many of the first to leave out. ``anew``:
    they belong to another time altogether, and begin another ring.
    """

    silence: int = 0
    skipped: int = 0
    anew: bool = False


class Continuity:
    """One track's. ``rate``: its samples a second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._due_ns = 0  # when the next sample is captured if nothing is missing

    def place(self, captured_ns: int, count: int) -> SamplePlace:
        """Where ``count`` samples belong, the first of which was captured then; 0: nobody knows."""
        if not captured_ns:
            return SamplePlace()
        gap, known = captured_ns - self._due_ns, self._due_ns > 0
        if not known or abs(gap) > LONGEST_FILLED_NS:
            self._due_ns = captured_ns + self._ns(count)
            return SamplePlace(anew=known)
        if abs(gap) <= TOLERATED_NS:
            self._due_ns += self._ns(count)
            return SamplePlace()
        self._due_ns = max(self._due_ns, captured_ns + self._ns(count))
        samples = round(abs(gap) * self._rate / SECOND_NS)
        return SamplePlace(silence=samples) if gap > 0 else SamplePlace(skipped=min(samples, count))

    def _ns(self, count: int) -> int:
        return count * SECOND_NS // self._rate
