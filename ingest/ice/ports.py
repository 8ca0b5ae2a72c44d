"""Which UDP ports the sessions of a worker use. Pure.

::

    "0"             a free one of the system's choice for each session and address
    "40000"         one for all sessions of a worker; the second worker takes 40001, and so on
    "40000-40100"   one of these for each session, the same at every address
"""

from collections.abc import Iterator
from typing import NamedTuple

from argusd.scheduler.contract.quantities import HIGHEST_PORT


class Ports(NamedTuple):
    """The ports ``first`` to ``last``; both 0: whatever is free."""

    first: int
    last: int

    @property
    def any(self) -> bool:
        """Whether the system chooses."""
        return self.first == 0

    @property
    def shared(self) -> bool:
        """Whether all sessions of a worker come through one port."""
        return self.first == self.last != 0

    def of_worker(self, worker: int) -> "Ports":
        """Those of one worker: a shared port is its own, a range is everybody's."""
        return Ports(self.first + worker, self.last + worker) if self.shared else self

    def starting_at(self, turn: int) -> Iterator[int]:
        """Every port once, beginning with another one each turn: the last one's peer may still be sending."""
        count = self.last - self.first + 1
        return (self.first + (turn + step) % count for step in range(count))


def parse_ports(text: str | int) -> Ports:
    """Read ``ingest.udp_ports``.

    Raises:
        ValueError: it is none of the three forms, or no port has such a number.
    """
    first, dash, last = str(text).partition("-")
    if not first.isascii() or not first.isdecimal() or (dash and not (last.isascii() and last.isdecimal())):
        raise ValueError("it must be 0, a port, or two ports with a dash between them")
    ports = Ports(int(first), int(last) if dash else int(first))
    if not 0 <= ports.first <= ports.last <= HIGHEST_PORT or (ports.first == 0) != (ports.last == 0):
        raise ValueError(f"ports go from 1 to {HIGHEST_PORT}, the first one not above the last")
    return ports
