"""Sessions whose sender has no path to us yet: each holds a place that perhaps nobody will use. Pure.

An offer costs its sender one request, so a flood of them would fill a worker. Where a place is needed, one of
these gives way: one that has had time enough, or one of a client that has more of them than who comes now.
Who connects as peers do is neither.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

CHECKED_WITHIN_S = 2.0  # a peer's first check comes within a round trip of its answer
CONNECTED_WITHIN_S = 6.0  # after which it has tried every pair of candidates more than once
UNFAIR = 8  # more than the newcomer's client has: several of one service join at once


class HalfOpen(NamedTuple):
    """One of them: ``client`` sent the offer ``age_s`` seconds ago; ``checked``: a first check has come."""

    session_id: str
    client: str
    age_s: float
    checked: bool = False

    @property
    def overdue(self) -> bool:
        """Whether it has had time enough."""
        return self.age_s >= (CONNECTED_WITHIN_S if self.checked else CHECKED_WITHIN_S)


def gives_way(waiting: Sequence[HalfOpen], client: str, *, to_its_own: bool = False) -> HalfOpen | None:
    """The one that ends for a session of this client, ``to_its_own`` one of the client's; None for none.

    It is the oldest of the client that has the most of them.
    """
    held = Counter(each.client for each in waiting)
    may = [
        each
        for each in waiting
        if (each.overdue or held[each.client] - held[client] >= UNFAIR)
        and (each.client == client or not to_its_own)
    ]
    return max(may, key=lambda each: (held[each.client], each.age_s), default=None)
