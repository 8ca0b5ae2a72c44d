"""One UDP socket for all sessions of a worker at one address, so that one port needs to be open.

A check (STUN request) names its session in its user name, an answer carries the id of our own question. An
answer also shows that this session's sender is at that address, so what comes from there is the session's
until another one has an answer from it; the session's guard makes sure in any case. Everything else belongs
to nobody.
"""

import asyncio
from collections import Counter
from typing import Any, cast

from aioice import stun

from ..guard import HIGHEST_STUN, GuardedProtocol, local_ufrag, parse_stun
from ..offers.candidates import udp_candidate
from .shared_transport import SharedTransport

# Each has answered a check of ours. Overflow policy: the oldest goes, and must answer again.
MAX_SOURCES = 64

Address = tuple[str, int]


class SharedSocket(asyncio.DatagramProtocol):
    """The protocol of the socket; ``dropped`` counts what is for no session."""

    def __init__(self, dropped: Counter[str]) -> None:
        self._dropped = dropped
        self._members: dict[str, UdpTransport] = {}
        self._sources: dict[Address, UdpTransport] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def close(self) -> None:
        """Close the socket; the sessions have ended before."""
        self.transport.close()

    def attach(self, protocol: GuardedProtocol) -> None:
        """Give a session's protocol its part of the socket."""
        address, port = self.transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = udp_candidate(address, port)
        member = self._members[protocol.ufrag] = UdpTransport(self, protocol)
        protocol.connection_made(member)

    def detach(self, member: "UdpTransport") -> None:
        """Take it back."""
        self._members.pop(member.protocol.ufrag, None)
        for source in member.sources:
            if self._sources.get(source) is member:
                del self._sources[source]

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Pass a datagram to the session it is for."""
        if data and data[0] > HIGHEST_STUN:
            member = self._sources.get((addr[0], addr[1]))
        else:
            member = self._of_stun(data, (addr[0], addr[1]))
        if member is None:
            self._dropped["stranger_datagram"] += 1
        else:
            member.protocol.datagram_received(data, addr)

    def _of_stun(self, data: bytes, source: Address) -> "UdpTransport | None":
        message = parse_stun(data)
        if message is None:
            return None
        if message.message_class is stun.Class.REQUEST:
            return self._members.get(local_ufrag(message) or "")
        for member in self._members.values():
            if message.transaction_id in member.protocol.transactions:
                self._found(member, source)
                return member
        return None

    def _found(self, member: "UdpTransport", source: Address) -> None:
        self._sources[source] = member
        member.sources[source] = None
        if len(member.sources) > MAX_SOURCES:
            oldest = next(iter(member.sources))
            del member.sources[oldest]
            if self._sources.get(oldest) is member:
                del self._sources[oldest]


class UdpTransport(SharedTransport):
    """A session's part of a shared socket. ``sources``: its senders."""

    def __init__(self, shared: SharedSocket, protocol: GuardedProtocol) -> None:
        super().__init__(protocol)
        self._shared = shared
        self.sources: dict[Address, None] = {}

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send through the shared socket; nothing once closed."""
        if not self._closing:
            self._shared.transport.sendto(data, addr)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The shared socket's."""
        return self._shared.transport.get_extra_info(name, default)

    def leave(self) -> None:
        """Nothing that comes to the socket is for the session."""
        self._shared.detach(self)
