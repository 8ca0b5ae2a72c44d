"""The sockets through which senders reach a worker's sessions, and the candidates that tell of them."""

import asyncio
import errno
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

from aioice.candidate import Candidate
from aioice.ice import Connection, get_host_addresses

from .candidates import advertised
from .config import IngestConfig
from .errors import NoIceCandidate, PortUnavailable
from .guard import GuardedProtocol, OnMedia
from .own_sockets import OwnSockets, bind_udp
from .server_candidates import Servers
from .shared_socket import SharedSocket
from .tcp_listener import TcpListener

log = logging.getLogger(__name__)

# Keyframes of several sessions come at once.
SHARED_BUFFER_BYTES = 8 << 20
LOOPBACK = "127.0.0.1"
# What binding says to an address that this machine does not have, or not any more.
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL)

MakeProtocol = Callable[[], GuardedProtocol]


class SharedPort(Protocol):
    """A port at one address that all sessions come through."""

    def attach(self, protocol: GuardedProtocol) -> None:
        """Give a session its part of it, until the session's protocol is closed."""

    def close(self) -> None:
        """Close it."""


class SharedPorts:
    """The same port at several addresses; one that comes up later is opened when it is there."""

    def __init__(self, open_at: Callable[[str], Awaitable[SharedPort]]) -> None:
        self._open_at = open_at
        self._open: dict[str, SharedPort] = {}

    async def open(self, addresses: Sequence[str]) -> None:
        """Open what is not open yet.

        Raises:
            PortUnavailable: another program uses the port, or it is not for us.
        """
        for address in addresses:
            if address in self._open:
                continue
            try:
                self._open[address] = await self._open_at(address)
            except OSError as error:
                if error.errno not in NOT_HERE:
                    reason = os.strerror(error.errno or 0)
                    raise PortUnavailable(
                        f"the port for media at {address} cannot be had: {reason}"
                    ) from error

    async def protocols(self, addresses: Sequence[str], make: MakeProtocol) -> list[GuardedProtocol]:
        """A session's part at every address that is open."""
        with suppress(PortUnavailable):
            await self.open(addresses)
        protocols = []
        for address in addresses:
            if port := self._open.get(address):
                protocols.append(protocol := make())
                port.attach(protocol)
        return protocols

    def close(self) -> None:
        """Close all of them."""
        for port in self._open.values():
            port.close()


class IceSockets:
    """Opens what a worker's sessions need. ``dropped`` counts, by reason, what came for no session."""

    def __init__(self, config: IngestConfig) -> None:
        self.dropped: Counter[str] = Counter()
        self._config = config
        self._servers = Servers([server.with_credential() for server in config.ice_servers])
        self._own = None if config.ports.shared else OwnSockets(config.ports)
        self._shared: list[SharedPorts] = []
        if config.ports.shared:
            self._shared.append(SharedPorts(partial(_open_udp, config.ports.first, self.dropped)))
        if config.tcp_port:
            self._shared.append(SharedPorts(partial(_open_tcp, config.own_tcp_port, self.dropped)))

    @property
    def reachable(self) -> bool:
        """Whether there is an address to receive media at."""
        addresses = self._config.ice_addresses
        return not addresses or self._servers.relay or any(is_here(address) for address in addresses)

    async def open(self) -> None:
        """Open what all sessions share, and say where none of them could be reached.

        Raises:
            PortUnavailable: another program uses a configured port, or it is not for us.
        """
        missing = [address for address in self._config.ice_addresses if not is_here(address)]
        if missing:
            every = len(missing) == len(self._config.ice_addresses)
            log.log(
                logging.ERROR if every else logging.WARNING,
                "%s of ingest.ice_addresses on this machine: %s%s",
                "there is none" if every else "there is no such address",
                ", ".join(missing),
                "; no session can begin" if every else "",
            )
        for ports in self._shared:
            await ports.open(self._addresses())

    def close(self) -> None:
        """Close what all sessions share; they have ended before."""
        for ports in self._shared:
            ports.close()

    async def gather(self, connection: Connection, make: MakeProtocol) -> list[Candidate]:
        """Open a session's sockets, which its connection closes; returns its candidates.

        Raises:
            NoIceCandidate: there is none.
        """
        addresses = self._addresses()
        protocols = await self._own.protocols(addresses, make) if self._own else []
        for ports in self._shared:
            protocols += await ports.protocols(addresses, make)
        connection._protocols += protocols
        own = [protocol.local_candidate for protocol in protocols]
        elsewhere = await self._servers.candidates(connection, protocols, make)
        candidates = [*advertised(own, self._config.advertised_addresses), *own, *elsewhere]
        if not candidates:
            raise NoIceCandidate(
                "there is no address to receive media at: ingest.ice_addresses names none of this machine, "
                "or every port of ingest.udp_ports is in use"
            )
        return candidates

    def _addresses(self) -> Sequence[str]:
        return self._config.ice_addresses or host_addresses()


async def _open_udp(port: int, dropped: Counter[str], address: str) -> SharedSocket:
    sock = bind_udp(address, port, SHARED_BUFFER_BYTES)
    loop = asyncio.get_running_loop()
    _, shared = await loop.create_datagram_endpoint(lambda: SharedSocket(dropped), sock=sock)
    return shared


async def _open_tcp(port: int, dropped: Counter[str], address: str) -> TcpListener:
    listener = TcpListener(dropped)
    await listener.listen(address, port)
    return listener


def host_addresses() -> list[str]:
    """Every address of this machine and the loopback one, which aioice leaves out."""
    return [*get_host_addresses(use_ipv4=True, use_ipv6=True), LOOPBACK]


def is_here(address: str) -> bool:
    """Whether this machine has the address."""
    try:
        bind_udp(address, 0, 0).close()
    except OSError:
        return False
    return True


def gather_through(
    connection: Connection,
    sockets: IceSockets,
    on_media: OnMedia,
    dropped: Counter[str],
) -> None:
    """Have the connection gather its candidates here, each socket guarded; ``dropped`` counts by reason."""

    def make() -> GuardedProtocol:
        return GuardedProtocol(connection, on_media, dropped)

    async def gather(**_: object) -> list[Candidate]:
        return await sockets.gather(connection, make)

    connection.get_component_candidates = gather  # type: ignore[method-assign, assignment]
