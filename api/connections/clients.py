"""Who is connected, within bounds."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection


class Clients:
    """All connections. Where they are too many, the one that has waited longest for a request ends first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}

    def add(self, connection: "Connection") -> None:
        """One more, which waits; where all others are at work it is the one that ends."""
        self._all.add(connection)
        self.wait(connection)
        if len(self._all) > self._most:
            next(iter(self._waiting)).end()

    def wait(self, connection: "Connection") -> None:
        """It begins to wait for a request."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = None

    def work(self, connection: "Connection") -> None:
        """It has one."""
        self._waiting.pop(connection, None)

    def remove(self, connection: "Connection") -> None:
        """It is over."""
        self._all.discard(connection)
        self._waiting.pop(connection, None)
