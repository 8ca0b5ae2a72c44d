"""Which packets of a session arrived and when, by the number that all its tracks share.

The number is that of the transport-wide congestion control header extension; transport_cc.py tells the
sender.
"""

from collections.abc import Iterator

from .clock import Unwrapper
from .transport_cc import Arrival

# As often as libwebrtc does at most, and as seldom as its estimator takes without growing slow.
LEAST_INTERVAL_NS = 50_000_000
MOST_INTERVAL_NS = 100_000_000
ENOUGH = 40

Stretch = tuple[int, list[Arrival]]
"""The first number that is told of, and the arrivals from there on."""


class ArrivalLog:
    """Arrivals that the sender has not been told of.

    Bounded by the packets of one interval: who notes also asks whether telling is ``due``.
    """

    def __init__(self) -> None:
        self._fresh: list[Arrival] = []
        self._numbers = Unwrapper(16)
        self._next = -1
        self._told_ns = 0

    def note(self, number: int, arrival_ns: int) -> None:
        """Take down a packet by its number as it was sent, of 16 bits."""
        self._fresh.append((number, arrival_ns))

    def due(self, now_ns: int) -> bool:
        """Whether the sender should be told now: the more packets come, the sooner."""
        waited_ns = now_ns - self._told_ns
        if len(self._fresh) >= ENOUGH:
            return waited_ns >= LEAST_INTERVAL_NS
        return bool(self._fresh) and waited_ns >= MOST_INTERVAL_NS

    def take(self, now_ns: int) -> list[Stretch]:
        """What is to be told.

        New arrivals make one stretch, which begins where the last one ended, so that a loss is told once. A
        packet that comes late, after it was told as lost, is told of again, alone or with its neighbours.
        """
        arrivals: dict[int, int] = {}
        for number, arrival_ns in self._fresh:
            arrivals.setdefault(self._numbers.extend(number), arrival_ns)
        self._fresh = []
        self._told_ns = now_ns
        return list(self._stretches(sorted(arrivals.items())))

    def _stretches(self, arrivals: list[Arrival]) -> Iterator[Stretch]:
        if self._next < 0 and arrivals:
            self._next = arrivals[0][0]
        late = [arrival for arrival in arrivals if arrival[0] < self._next]
        yield from _neighbours(late)
        if fresh := arrivals[len(late) :]:
            yield self._next, fresh
            self._next = fresh[-1][0] + 1


def _neighbours(arrivals: list[Arrival]) -> Iterator[Stretch]:
    begin = 0
    for at in range(1, len(arrivals) + 1):
        if at == len(arrivals) or arrivals[at][0] != arrivals[at - 1][0] + 1:
            yield arrivals[begin][0], arrivals[begin:at]
            begin = at
