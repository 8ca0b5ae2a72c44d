"""What the front door works with, and where it sends what: pure decisions."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..access.tickets import Tickets
from .claims import Claim, Claims
from .hosts import Host, Hosts
from .relay import Relay

Way = Literal["any", "holder", "placed", "task"]
"""Which of several hosts answers a request.

any: the one that is asked · holder: the session's holder; without one, the one that is asked · placed: the
session's holder; without one, the host with the most room, which holds it from then on · task: the session's
holder; without one, the host that is asked; if that takes nothing, the one with the most room.
"""


class Door(NamedTuple):
    """The parts of one host's front door."""

    hosts: Hosts
    claims: Claims
    tickets: Tickets
    relay: Relay

    @property
    def host_id(self) -> str:
        """This host."""
        return self.claims.host_id


def host_for_task(here: str, takes: bool, holder: Claim | None, living: Sequence[Host]) -> Host | None:
    """Where a task goes; None: it is done here. ``takes``: whether this host takes tasks now."""
    others = {host.host_id: host for host in living if host.host_id != here}
    if holder is not None and (holder.host_id == here or holder.host_id in others):
        return others.get(holder.host_id)
    open_ = [host for host in others.values() if not host.draining and host.room > 0]
    return None if takes or not open_ else max(open_, key=lambda host: host.room)
