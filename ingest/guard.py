"""What may come in through a session's UDP sockets.

aioice hands every datagram of every sender to DTLS: an empty one ends the session, a forged plaintext alert
ends the handshake, and the queue between them has no bound. The guard stands in front of each socket::

    first byte (RFC 7983)   0..3     STUN   parsed; ours by its user name or its transaction: to aioice
                            20..63   DTLS   from a verified source: to aioice, through a bounded queue
                            128..191 SRTP   from a verified source: to ``on_media``, at once
                            other           dropped

A source is verified when it is the remote address of a candidate pair that passed its connectivity check.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aioice import stun
from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol, get_host_addresses

from .errors import IncompatibleLibrary

MIN_DATAGRAM = 12
MAX_DTLS_QUEUE = 64
# A keyframe of a megabyte arrives in one burst; the kernel's default holds a tenth of that and drops the
# rest. It doubles this for its own bookkeeping, and cuts it to net.core.rmem_max.
RECEIVE_BUFFER_BYTES = 1 << 20
LOOPBACK = "127.0.0.1"


class DatagramGuard(asyncio.DatagramProtocol):
    """Stands between one socket and aioice's protocol for it. ``dropped`` counts by reason."""

    def __init__(
        self,
        inner: StunProtocol,
        connection: Connection,
        on_media: Callable[[bytes], None],
        dropped: Counter[str],
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._on_media = on_media
        self._dropped = dropped
        self._verified: tuple[Any, ...] | None = None

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Sort a datagram by its first byte."""
        if len(data) < MIN_DATAGRAM:
            self._dropped["short_datagram"] += 1
            return
        first = data[0]
        if 128 <= first <= 191:
            if addr == self._verified or self._verify(addr):
                self._on_media(data)
            else:
                self._dropped["stranger_datagram"] += 1
        elif first <= 3:
            self._stun(data, addr)
        elif 20 <= first <= 63:
            self._dtls(data, addr)
        else:
            self._dropped["unknown_datagram"] += 1

    def _verify(self, addr: tuple[Any, ...]) -> bool:
        source = (addr[0], addr[1])
        for pair in self._connection._check_list:
            if (
                pair.protocol is self._inner
                and pair.state is CandidatePair.State.SUCCEEDED
                and tuple(pair.remote_addr) == source
            ):
                self._verified = addr
                return True
        return False

    def _dtls(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not (addr == self._verified or self._verify(addr)):
            self._dropped["stranger_datagram"] += 1
        elif self._connection._queue.qsize() >= MAX_DTLS_QUEUE:
            # Overflow policy: the newest is dropped; DTLS sends its flights again.
            self._dropped["dtls_overflow"] += 1
        else:
            self._connection._queue.put_nowait((data, self._inner.local_candidate.component))

    def _stun(self, data: bytes, addr: tuple[Any, ...]) -> None:
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error):  # aioice lets the latter escape; uvloop would close the socket
            self._dropped["bad_stun"] += 1
            return
        if message.message_class is stun.Class.REQUEST:
            username = message.attributes.get("USERNAME", "")
            wanted = username.startswith(self._connection.local_username + ":")
            wanted = wanted and "PRIORITY" in message.attributes
        else:
            wanted = message.transaction_id in self._inner.transactions
        if wanted:
            self._inner.datagram_received(data, addr)
        else:
            self._dropped["stranger_datagram"] += 1

    def error_received(self, exc: Exception) -> None:
        """Pass on."""
        self._inner.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on."""
        self._inner.connection_lost(exc)


def guard_connection(
    connection: Connection,
    addresses: Sequence[str],
    on_media: Callable[[bytes], None],
    dropped: Counter[str],
) -> None:
    """Guard every socket that this connection will open, on ``addresses`` only, with room for a keyframe.

    To be called before candidates are gathered. Until a socket's guard stands, data is dropped.
    """
    gather = connection.get_component_candidates

    def drop(_data: bytes, _component: int) -> None:
        dropped["unguarded_datagram"] += 1

    async def gather_guarded(component: int, **_: object) -> list[Candidate]:
        candidates: list[Candidate] = []
        for address in addresses:
            candidates += await gather(component, [address])
            protocol = connection._protocols[-1] if connection._protocols else None
            if protocol is not None and protocol.transport.get_protocol() is protocol:
                sock = protocol.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                protocol.transport.set_protocol(DatagramGuard(protocol, connection, on_media, dropped))
        return candidates

    connection.data_received = drop  # type: ignore[method-assign, assignment]
    connection.get_component_candidates = gather_guarded  # type: ignore[method-assign, assignment]


def host_addresses() -> list[str]:
    """Every address of this machine and the loopback one, which aioice leaves out."""
    return [*get_host_addresses(use_ipv4=True, use_ipv6=True), LOOPBACK]


def check_aioice() -> None:
    """Prove that aioice has the inner parts used above.

    Raises:
        IncompatibleLibrary: another version is installed.
    """
    connection = Connection(ice_controlling=False)
    names = ("_check_list", "_queue", "_protocols", "data_received", "get_component_candidates")
    missing = [f"Connection.{name}" for name in names if not hasattr(connection, name)]
    if not hasattr(StunProtocol(connection), "transactions"):
        missing.append("StunProtocol.transactions")
    if missing:
        raise IncompatibleLibrary(f"the installed aioice has no {', '.join(missing)}; install the pinned one")
