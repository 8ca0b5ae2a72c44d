"""Packets back into order, and what to do about those that are missing.

A buffer hands on every packet as soon as all before it are there: order costs no delay. A gap is reported
missing at once, again every ``RETRY_NS``, and given up after ``patience_ns``; then the buffer jumps to the
next packet at which the consumer can start anew. All times are injected: nothing here reads a
clock.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")

RETRY_NS = 50_000_000
STALE_LIMIT = 64


class ReorderBuffer(Generic[Item]):
    """Orders one stream's packets by extended sequence number.

    It holds at most ``capacity`` sequence numbers beyond the first gap; a packet further ahead means that
    the stream broke off and started anew: all that is held is dropped. So does a run of ``STALE_LIMIT`` old
    packets.
    """

    def __init__(self, patience_ns: int, capacity: int) -> None:
        self._patience_ns = patience_ns
        self._capacity = capacity
        self._held: dict[int, Item] = {}
        self._missing: dict[int, tuple[int, int]] = {}  # number: (noticed, last asked for), ascending
        self._next = -1
        self._stale_run = 0
        self.late = 0
        self.lost = 0
        self.discarded = 0

    @property
    def waiting(self) -> bool:
        """Whether there is a gap that time may have to close."""
        return bool(self._missing)

    def add(self, number: int, item: Item, now_ns: int) -> Sequence[Item]:
        """Take a packet; returns the packets that are in order now (often just this one, or none)."""
        if number == self._next and not self._held:
            self._next = number + 1
            self._stale_run = 0
            return (item,)
        if self._next < 0 or number >= self._next + self._capacity:
            return self._restart(number, item)
        if number < self._next or number in self._held:
            return self._reject(number, item)
        self._stale_run = 0
        if number not in self._missing:
            newest = max(self._held, default=self._next - 1)
            for gap in range(newest + 1, number):
                self._missing[gap] = (now_ns, -RETRY_NS)
        self._missing.pop(number, None)
        self._held[number] = item
        return self._drain()

    def reset(self) -> None:
        """Forget the stream: the next packet begins another."""
        self._forget()
        self._next = -1

    def to_request(self, now_ns: int) -> list[int]:
        """Extended numbers to ask the sender for again now, ascending."""
        due = [number for number, (_, asked) in self._missing.items() if now_ns - asked >= RETRY_NS]
        for number in due:
            self._missing[number] = (self._missing[number][0], now_ns)
        return due

    def overdue(self, now_ns: int) -> bool:
        """Whether the oldest gap has lasted longer than the patience."""
        for noticed, _ in self._missing.values():
            return now_ns - noticed >= self._patience_ns
        return False

    def jump(self, is_start: Callable[[Item], bool]) -> Sequence[Item]:
        """Give up the oldest gap: drop what cannot be used, go on at the next packet that is a start.

        Without such a packet everything held is dropped, and the consumer must wait for a start itself.
        """
        start = next((number for number in sorted(self._held) if is_start(self._held[number])), None)
        if start is None:
            start = max(self._held, default=self._next - 1) + 1
        gaps = [number for number in self._missing if number < start]
        for number in gaps:
            del self._missing[number]
        unusable = [number for number in self._held if number < start]
        for number in unusable:
            del self._held[number]
        self.lost += len(gaps)
        self.discarded += len(unusable)
        self._next = start
        return self._drain()

    def _drain(self) -> Sequence[Item]:
        ready = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        return ready

    def _reject(self, number: int, item: Item) -> Sequence[Item]:
        self.late += 1
        self._stale_run += 1
        return self._restart(number, item) if self._stale_run >= STALE_LIMIT else ()

    def _restart(self, number: int, item: Item) -> Sequence[Item]:
        self._forget()
        self._next = number + 1
        return (item,)

    def _forget(self) -> None:
        self.discarded += len(self._held)
        self.lost += len(self._missing)
        self._held.clear()
        self._missing.clear()
        self._stale_run = 0
