"""Control connections between argusd's processes: msgpack messages over unix stream sockets.

A message on the wire is a u32 little-endian length and that many bytes of msgpack, which hold one
``msgspec.Struct`` of a tagged union (no pickle). File descriptors travel beside the bytes by SCM_RIGHTS;
a message type that brings descriptors says so in its docstring, and its receiver takes them with
``Channel.take_fds`` in the order they were sent.

Sending never blocks. What the peer has not taken yet waits in a buffer of ``MAX_BACKLOG`` bytes; past it the
connection is closed: peers reconnect, and whoever owns a fact sends it again.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..errors import ChannelClosed

log = logging.getLogger(__name__)

MAX_MESSAGE = 16 << 20
MAX_BACKLOG = 32 << 20
ROOM_BELOW = 4 << 20  # with one more message of the largest size the backlog stays well below its limit
MAX_FDS = 8
READ_BYTES = 1 << 18
RECONNECT_SECONDS = 0.2
ACCEPT_AGAIN_SECONDS = 0.5

Incoming = TypeVar("Incoming", bound=msgspec.Struct)


class Channel(Generic[Incoming]):
    """One end of a connection. ``union`` is the type (or union) of what the other end may send.

    ``on_message`` is called on the loop for every message. ``closed`` completes when the connection is over,
    whoever ended it. ``has_room`` is set while little waits to be taken: senders of large messages await it.
    ``sent`` is set while nothing waits: who is about to close awaits it.
    """

    def __init__(self, sock: socket.socket, union: Any, on_message: Callable[[Incoming], None]) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(union)
        self._encoder = msgspec.msgpack.Encoder()
        self._on_message = on_message
        self._received = bytearray()
        self._fds: deque[int] = deque()
        self._outgoing: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._backlog = 0
        self._loop = asyncio.get_running_loop()
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.sent = asyncio.Event()
        self.sent.set()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(sock.fileno(), self._readable)

    def send(self, message: msgspec.Struct, fds: Sequence[int] = ()) -> None:
        """Send a message, now or as soon as the peer takes it.

        Raises:
            ChannelClosed: the connection is over, or the peer was too far behind and has been cut off.
        """
        if self.closed.done():
            raise ChannelClosed("the control connection is closed")
        body = self._encoder.encode(message)
        packet = memoryview(len(body).to_bytes(4, "little") + body)
        self._outgoing.append((packet, tuple(fds)))
        self._backlog += len(packet)
        if self._backlog > MAX_BACKLOG:
            self.close()
            raise ChannelClosed("the peer does not read its control connection")
        if self._backlog > ROOM_BELOW:
            self.has_room.clear()
        self.sent.clear()
        if len(self._outgoing) == 1:
            self._writable()

    def take_fds(self, count: int) -> list[int]:
        """The next descriptors that came with messages; the caller owns them now."""
        return [self._fds.popleft() for _ in range(count)]

    def close(self) -> None:
        """End the connection. What was not taken by the peer yet is gone."""
        if self._sock.fileno() < 0:
            return
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()
        self._outgoing.clear()
        self._on_message = _nobody  # who listened refers to us, and both would wait for the garbage collector
        self.has_room.set()
        self.sent.set()
        if not self.closed.done():  # cancelled, where a task that awaited it was
            self.closed.set_result(None)

    def _readable(self) -> None:
        try:
            data, fds, flags, _address = socket.recv_fds(self._sock, READ_BYTES, MAX_FDS)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._fds.extend(fds)
        if flags & socket.MSG_CTRUNC:  # the next connection begins with everything that counts
            log.error("this process may open no more files: descriptors that were sent to it are lost")
            self.close()
            return
        if not data:
            self.close()
            return
        self._received += data
        self._deliver()

    def _deliver(self) -> None:
        while len(self._received) >= 4 and not self.closed.done():
            length = int.from_bytes(self._received[:4], "little")
            if length > MAX_MESSAGE:
                log.error("control message of %d bytes refused", length)
                self.close()
                return
            if len(self._received) < 4 + length:
                return
            body = bytes(self._received[4 : 4 + length])
            del self._received[: 4 + length]
            try:
                message = self._decoder.decode(body)
            except UNDECODABLE as error:
                log_fault(log, "a control message is refused", error)
                self.close()
                return
            try:
                self._on_message(message)
            except Exception as error:  # what it is about suffers; the messages behind it do not wait
                log_fault(log, "a control message could not be dealt with", error)

    def _writable(self) -> None:
        while self._outgoing:
            packet, fds = self._outgoing[0]
            try:
                sent = socket.send_fds(self._sock, [packet], fds) if fds else self._sock.send(packet)
            except BlockingIOError:
                self._loop.add_writer(self._sock.fileno(), self._writable)
                return
            except OSError:
                self.close()
                return
            self._backlog -= sent
            if self._backlog <= ROOM_BELOW:
                self.has_room.set()
            if sent < len(packet):
                self._outgoing[0] = (packet[sent:], ())
            else:
                self._outgoing.popleft()
        self.sent.set()
        self._loop.remove_writer(self._sock.fileno())


def _nobody(_message: msgspec.Struct) -> None:
    """Takes the messages of a connection that is over."""


class Listener:
    """A unix socket that hands every new connection to ``accept``.

    Where this process may open no more files, connections wait; it looks again twice a second.
    """

    def __init__(self, path: Path, accept: Callable[[socket.socket], None]) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # left by a process that was killed; the runtime directory is ours alone
        self._path = path
        self._accept = accept
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._sock.bind(str(path))
        path.chmod(0o600)
        self._inode = path.stat().st_ino
        self._sock.listen(64)
        self._loop = asyncio.get_running_loop()
        self._resting = False
        self._attend()

    def _attend(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.add_reader(self._sock.fileno(), self._acceptable)

    def _acceptable(self) -> None:
        try:
            connection, _ = self._sock.accept()
        except BlockingIOError:
            return
        except OSError as error:
            self._rest(error)
            return
        self._resting = False
        self._accept(connection)

    def _rest(self, error: OSError) -> None:
        """A connection that cannot be taken stays, and would wake the loop again and again."""
        if not self._resting:
            log.error("connections to %s have to wait: %s", self._path.name, error.strerror)
        self._resting = True
        self._loop.remove_reader(self._sock.fileno())
        self._loop.call_later(ACCEPT_AGAIN_SECONDS, self._attend)

    def close(self) -> None:
        """Stop listening and remove the socket file, unless it is another listener's by now."""
        if self._sock.fileno() < 0:
            return
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()


async def keep_connected(
    path: Path, session: Callable[[socket.socket], Awaitable[None]], away: Callable[[], None] = lambda: None
) -> None:
    """Connect to ``path``, run ``session`` until it returns, and again, for as long as this task lives.

    ``session`` makes a Channel of the socket and closes that in any case, cancellation included. ``away`` is
    called whenever nobody listens there; a process that is merely slow listens.
    """
    loop = asyncio.get_running_loop()
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
            if await _connected(loop, sock, path):
                await session(sock)
            else:
                away()
        await asyncio.sleep(RECONNECT_SECONDS)


async def _connected(loop: asyncio.AbstractEventLoop, sock: socket.socket, path: Path) -> bool:
    try:
        await loop.sock_connect(sock, str(path))
    except OSError:
        return False
    return True
