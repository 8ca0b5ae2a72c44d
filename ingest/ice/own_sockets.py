"""A UDP socket for each session at every address."""

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count

from ..guard import GuardedProtocol
from ..offers.candidates import udp_candidate
from .ports import Ports

log = logging.getLogger(__name__)

# What binding says to an address that this machine does not have, or not any more.
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL)
# A keyframe of a megabyte arrives in one burst; the kernel's default holds a tenth of that and drops the
# rest. It doubles this for its own bookkeeping, and cuts it to net.core.rmem_max.
RECEIVE_BUFFER_BYTES = 1 << 20


class OwnSockets:
    """Opens them at ports of a range, or wherever the system likes."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._turns = count()

    async def protocols(
        self, addresses: Sequence[str], make: Callable[[], GuardedProtocol]
    ) -> list[GuardedProtocol]:
        """A session's sockets; none where every port is in use. Addresses that are not there are left out."""
        loop = asyncio.get_running_loop()
        protocols = []
        for sock in self._bind(addresses):
            address, port = sock.getsockname()[:2]
            _, protocol = await loop.create_datagram_endpoint(make, sock=sock)
            protocol.local_candidate = udp_candidate(address, port)
            protocols.append(protocol)
        return protocols

    def _bind(self, addresses: Sequence[str]) -> list[socket.socket]:
        if self._ports.any:
            return bind_all(addresses, 0)
        for port in self._ports.starting_at(next(self._turns)):
            with suppress(OSError):  # the next one
                return bind_all(addresses, port)
        return []


def bind_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """A socket at this port of every address that is there.

    Raises:
        OSError: the port is in use at one of them.
    """
    socks: list[socket.socket] = []
    for address in addresses:
        try:
            socks.append(bind_udp(address, port, RECEIVE_BUFFER_BYTES))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                for sock in socks:
                    sock.close()
                raise
            if error.errno not in NOT_HERE:
                log.warning("no socket can be opened at %s: %s", address, error.strerror)
    return socks


def bind_udp(address: str, port: int, buffer_bytes: int) -> socket.socket:
    """A socket at this address and port, with room for this much that nobody has read yet.

    Raises:
        OSError: this machine has no such address, or the port is in use.
    """
    version = ipaddress.ip_address(address).version
    sock = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock
