"""Who is connected to a writer: controllers that command it, readers that map its arena."""

import contextlib
import logging
import socket
from collections.abc import Callable, Iterable

import msgspec

from ..errors import ChannelClosed
from ..shm.arena import Arena
from .channel import Channel
from .messages import (
    ArenaOffer,
    Command,
    Hello,
    Role,
    ToController,
    ToReader,
    ToWorker,
)

log = logging.getLogger(__name__)

Answer = Callable[[ToController], None]


class Peers:
    """Accepts connections, tells newcomers what is true, and everybody what changes.

    ``facts`` gives the messages for a newcomer of a role; ``command`` gets each command of a controller and
    a way to answer it.
    """

    def __init__(
        self,
        name: str,
        arena: Arena,
        facts: Callable[[Role], Iterable[msgspec.Struct]],
        command: Callable[[Command, Answer], None],
    ) -> None:
        self._name = name
        self._arena = arena
        self._facts = facts
        self._command = command
        self._channels: dict[Role, set[Channel[ToWorker]]] = {"controller": set(), "reader": set()}
        self._strangers: set[Channel[ToWorker]] = set()

    def accept(self, sock: socket.socket) -> None:
        """Take a new connection; its first message must be Hello."""

        def receive(message: ToWorker) -> None:
            if isinstance(message, Hello):
                self._greet(channel, message)
            elif channel in self._channels["controller"]:
                self._command(message, lambda answer: _send(channel, answer))
            else:
                log.warning("a command came from a peer that is not a controller; its connection is closed")
                channel.close()

        channel: Channel[ToWorker] = Channel(sock, ToWorker, receive)
        self._strangers.add(channel)
        channel.closed.add_done_callback(lambda _: self._strangers.discard(channel))

    def tell(self, role: Role, message: ToController | ToReader) -> None:
        """Send to all of a role."""
        for channel in tuple(self._channels[role]):
            _send(channel, message)

    def close(self) -> None:
        """End every connection."""
        for channel in (*self._strangers, *self._channels["controller"], *self._channels["reader"]):
            channel.close()

    def _greet(self, channel: Channel[ToWorker], hello: Hello) -> None:
        log.info("%s %s connected", hello.role, hello.name)
        self._strangers.discard(channel)
        members = self._channels[hello.role]
        members.add(channel)
        channel.closed.add_done_callback(lambda _: members.discard(channel))
        if hello.role == "reader":
            self._offer_arena(channel)
        for fact in self._facts(hello.role):
            _send(channel, fact)

    def _offer_arena(self, channel: Channel[ToWorker]) -> None:
        memfd, eventfd = self._arena.attach()
        channel.closed.add_done_callback(lambda _: self._arena.detach(eventfd))
        _send(channel, ArenaOffer(self._name), (memfd, eventfd))


def _send(channel: Channel[ToWorker], message: msgspec.Struct, fds: tuple[int, ...] = ()) -> None:
    # Who is gone, or does not keep up, reconnects and is told everything again.
    with contextlib.suppress(ChannelClosed):
        channel.send(message, fds)
