"""An active TCP candidate (RFC 6544) for aiortc's peers, which know UDP alone."""

import asyncio
from typing import Any

from aioice.candidate import Candidate
from aioice.ice import StunProtocol
from aiortc import RTCPeerConnection

from argusd.ingest.ice.framing import Deframer, frame


class ActiveTransport(asyncio.DatagramTransport):
    """Connects to every address that something is sent to."""

    def __init__(self, protocol: StunProtocol) -> None:
        super().__init__()
        self.writers: dict[tuple[str, int], asyncio.StreamWriter] = {}
        self._protocol = protocol
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._waiting: list[bytes] = []

    def sendto(self, data: Any, addr: Any = None) -> None:
        if writer := self.writers.get(addr):
            writer.write(frame(data))
            return
        self._waiting.append(data)
        if addr not in self._tasks:
            self._tasks[addr] = asyncio.create_task(self._connect(addr))

    async def _connect(self, addr: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*addr)
        self.writers[addr] = writer
        for data in self._waiting:
            writer.write(frame(data))
        deframer = Deframer()
        while data := await reader.read(1 << 16):
            for packet in deframer.feed(data):
                self._protocol.datagram_received(packet, addr)

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        for writer in self.writers.values():
            writer.close()
        self._protocol.connection_lost(None)


def only_tcp(peer: RTCPeerConnection) -> ActiveTransport:
    """Have a peer that sends gather one active candidate and no other."""
    connection = peer.getTransceivers()[0].sender.transport.transport._connection
    protocol = StunProtocol(connection)
    protocol.local_candidate = Candidate("1", 1, "tcp", 1, "127.0.0.1", 9, "host", tcptype="active")
    transport = ActiveTransport(protocol)
    protocol.connection_made(transport)

    async def gather(**_: object) -> list[Candidate]:
        connection._protocols.append(protocol)
        return [protocol.local_candidate]

    connection.get_component_candidates = gather  # type: ignore[method-assign, assignment]
    return transport
