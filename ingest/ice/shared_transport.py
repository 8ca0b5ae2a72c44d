"""A session's part of a port that all sessions come through, as the datagram transport that aioice knows."""

import asyncio

from ..guard import GuardedProtocol


class SharedTransport(asyncio.DatagramTransport):
    """Closing it leaves the port to the others: ``leave`` is what that takes."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        super().__init__()
        self._closing = False
        self.protocol = protocol

    def leave(self) -> None:
        """Take nothing for the session any more."""
        raise NotImplementedError

    def is_closing(self) -> bool:
        """Whether ``close`` was called."""
        return self._closing

    def close(self) -> None:
        """End the session's part."""
        if not self._closing:
            self._closing = True
            self.leave()
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)
