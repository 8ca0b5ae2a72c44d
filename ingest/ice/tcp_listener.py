"""ICE over TCP (RFC 6544): senders connect to a passive candidate where UDP does not get through.

One listening port serves all sessions of a worker. The first packet of a connection must be a check (STUN
request), whose user name tells the session; from then on the connection is to that session what a remote
address is over UDP, and its guard decides what passes.
"""

import asyncio
from collections import Counter
from typing import Any, cast

from aioice import stun

from ..guard import GuardedProtocol, local_ufrag, parse_stun
from ..offers.candidates import tcp_candidate
from .framing import Deframer, frame
from .shared_transport import SharedTransport

IDENTIFIED_WITHIN_S = 5.0
# Overflow policy: the oldest goes; a sender that has something to say has said it by then.
MAX_UNIDENTIFIED = 64
# Overflow policy: the newest is refused.
MAX_CONNECTIONS_PER_SESSION = 8
# We send feedback and handshakes only. Overflow policy: the newest packet is dropped, as a network would.
MAX_UNSENT_BYTES = 64 << 10

Address = tuple[str, int]


class TcpListener:
    """The port's connections: first nobody's, then a session's. ``dropped`` counts those that are refused."""

    def __init__(self, dropped: Counter[str]) -> None:
        self.dropped = dropped
        self._members: dict[str, TcpTransport] = {}
        self._unidentified: dict[FramedConnection, None] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, address: str, port: int) -> None:
        """Begin to listen.

        Raises:
            OSError: the address is not there, or the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: FramedConnection(self), address, port)
        self.sockname: Address = self._server.sockets[0].getsockname()[:2]

    def close(self) -> None:
        """Listen no more and end what belongs to nobody yet."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._unidentified):
            connection.abort()

    def attach(self, protocol: GuardedProtocol) -> None:
        """Pass connections for a session on to it."""
        protocol.local_candidate = tcp_candidate(*self.sockname)
        member = self._members[protocol.ufrag] = TcpTransport(self, protocol)
        protocol.connection_made(member)

    def detach(self, member: "TcpTransport") -> None:
        """A session takes no more of them."""
        self._members.pop(member.protocol.ufrag, None)

    def connected(self, connection: "FramedConnection") -> None:
        """A connection has come; nobody knows yet whose it is."""
        self._unidentified[connection] = None
        if len(self._unidentified) > MAX_UNIDENTIFIED:
            self.dropped["tcp_overflow"] += 1
            next(iter(self._unidentified)).abort()

    def gone(self, connection: "FramedConnection") -> None:
        """A connection has ended, perhaps before anybody knew whose it was."""
        self._unidentified.pop(connection, None)

    def identify(self, connection: "FramedConnection", packet: bytes) -> "TcpTransport | None":
        """Whose connection it is, by its first packet."""
        message = parse_stun(packet)
        if message is None or message.message_class is not stun.Class.REQUEST:
            return None
        member = self._members.get(local_ufrag(message) or "")
        if member is None or not member.add(connection):
            return None
        self.gone(connection)
        return member


class FramedConnection(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._deframer = Deframer()
        self._member: TcpTransport | None = None
        self.peer: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It must say whose it is before long."""
        self._transport = cast(asyncio.Transport, transport)
        self.peer = (transport.get_extra_info("peername") or self.peer)[:2]  # None where it has gone already
        self._deadline = asyncio.get_running_loop().call_later(IDENTIFIED_WITHIN_S, self._too_late)
        self._listener.connected(self)

    def _too_late(self) -> None:
        self._listener.dropped["tcp_silent"] += 1
        self.abort()

    def data_received(self, data: bytes) -> None:
        """Pass whole packets on."""
        for packet in self._deframer.feed(data):
            if self._transport.is_closing():
                return
            if self._member is None:
                self._member = self._listener.identify(self, packet)
                self._deadline.cancel()
            if self._member is None:
                self._listener.dropped["tcp_stranger"] += 1
                self.abort()
            else:
                self._member.protocol.datagram_received(packet, self.peer)

    def connection_lost(self, _exc: Exception | None) -> None:
        """The session lives on: its sender may connect anew, or is found silent."""
        self._deadline.cancel()
        self._listener.gone(self)
        if self._member is not None:
            self._member.remove(self)

    def send(self, packet: bytes) -> None:
        """Send a packet, unless the sender does not take what it got before."""
        if self._transport.get_write_buffer_size() <= MAX_UNSENT_BYTES:
            self._transport.write(frame(packet))

    def close(self) -> None:
        """End it: what the kernel has taken still arrives, and nobody waits for the rest."""
        if self._transport.get_write_buffer_size():
            self.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        self._listener.gone(self)
        self._transport.abort()


class TcpTransport(SharedTransport):
    """A session's connections: one a remote address."""

    def __init__(self, listener: TcpListener, protocol: GuardedProtocol) -> None:
        super().__init__(protocol)
        self._listener = listener
        self._connections: dict[Address, FramedConnection] = {}

    def add(self, connection: FramedConnection) -> bool:
        """Take in a connection; False where there are too many."""
        if len(self._connections) >= MAX_CONNECTIONS_PER_SESSION:
            return False
        self._connections[connection.peer] = connection
        return True

    def remove(self, connection: FramedConnection) -> None:
        """A connection has ended; its address may be another one's by now."""
        if self._connections.get(connection.peer) is connection:
            del self._connections[connection.peer]

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send to a connected address; to another one there is no way."""
        connection = self._connections.get((addr[0], addr[1]))
        if connection is not None:
            connection.send(data)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``sockname``: where connections are taken."""
        return self._listener.sockname if name == "sockname" else default

    def leave(self) -> None:
        """Its connections end, and no new one is its."""
        self._listener.detach(self)
        for connection in tuple(self._connections.values()):
            connection.close()
