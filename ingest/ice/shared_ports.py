"""Ports that all sessions of a worker come through: the same one at every address."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from ..errors import PortUnavailable
from ..guard import GuardedProtocol
from .own_sockets import NOT_HERE, bind_udp
from .shared_socket import SharedSocket
from .tcp_listener import TcpListener

# Keyframes of several sessions come at once.
SHARED_BUFFER_BYTES = 8 << 20


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

    async def protocols(
        self, addresses: Sequence[str], make: Callable[[], GuardedProtocol]
    ) -> list[GuardedProtocol]:
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


async def open_udp(port: int, dropped: Counter[str], address: str) -> SharedSocket:
    """Open a UDP port at an address.

    Raises:
        OSError: it is not there, or the port cannot be had.
    """
    sock = bind_udp(address, port, SHARED_BUFFER_BYTES)
    loop = asyncio.get_running_loop()
    _, shared = await loop.create_datagram_endpoint(lambda: SharedSocket(dropped), sock=sock)
    return shared


async def open_tcp(port: int, dropped: Counter[str], address: str) -> TcpListener:
    """Open a TCP port at an address.

    Raises:
        OSError: it is not there, or the port cannot be had.
    """
    listener = TcpListener(dropped)
    await listener.listen(address, port)
    return listener
