"""A NAT in user space that forgets its mapping when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

LOOPBACK = ("127.0.0.1", 0)
Address = tuple[str, int]


class Outside(asyncio.DatagramProtocol):
    """The port by which the other end knows the peer, at whichever address leads there."""

    def __init__(self, nat: "Nat") -> None:
        self._nat = nat

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _addr: Address) -> None:
        self._nat.came_back(self, data)


class Nat(asyncio.DatagramProtocol):
    """Passes what a peer sends to ``inside`` on to ``target``, and back. ``media_back``: RTCP came back."""

    def __init__(self, target: Address) -> None:
        self.media_back = asyncio.Event()
        self._target = target
        self._peer: Any = None
        self._ports: list[Outside] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def inside(self) -> int:
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    async def forget(self) -> None:
        """Give the peer another port; what still comes to the older one is lost."""
        loop = asyncio.get_running_loop()
        _, port = await loop.create_datagram_endpoint(lambda: Outside(self), local_addr=("0.0.0.0", 0))
        self._ports.append(port)
        self.media_back.clear()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._peer = addr
        self._ports[-1].transport.sendto(data, self._target)

    def came_back(self, port: Outside, data: bytes) -> None:
        if port is self._ports[-1]:
            self._transport.sendto(data, self._peer)
            if data[0] > 127:
                self.media_back.set()

    def close(self) -> None:
        for transport in (self._transport, *(port.transport for port in self._ports)):
            transport.close()


@asynccontextmanager
async def nat_before(target: Address, inside: Address = LOOPBACK) -> AsyncIterator[Nat]:
    loop = asyncio.get_running_loop()
    _, nat = await loop.create_datagram_endpoint(lambda: Nat(target), local_addr=inside)
    await nat.forget()
    yield nat
    nat.close()
