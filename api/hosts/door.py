"""What the front door works with, and the ways it knows."""

from typing import Literal, NamedTuple

from aiohttp import web

from .beats import Host
from .claims import Claims
from .hosts import Hosts
from .relay import AWAY, RELAYED, NotReached, Relay

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
    relay: Relay

    @property
    def host_id(self) -> str:
        """This host."""
        return self.claims.host_id

    def let_in(self, request: web.Request) -> bool:
        """Whether the request was let in, and counted, by another host, which relays it."""
        return self.hosts.is_one(request.headers.get(RELAYED, ""))

    async def reach(self, host_id: str) -> Host:
        """Another host.

        Raises:
            NotReached: it is away.
            StoreUnavailable: Redis does not answer.
        """
        host = await self.hosts.find(host_id)
        if host is None:
            raise NotReached(AWAY)
        return host
