"""Readiness and progress by datagram, as systemd's sd_notify(3) defines it, both sides.

A process says ``READY=1``, and from then on ``WATCHDOG=1``, to the unix socket named by ``NOTIFY_SOCKET``.
Under systemd that socket is systemd's; under ``argusd serve`` it is the supervisor's. The children cannot
tell the difference.
"""

import asyncio
import contextlib
import logging
import math
import socket
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

READY = b"READY=1"
STOPPING = b"STOPPING=1"
DRAINED = b"X_DRAINED=1"  # our own: it drained, and nothing is left
WATCHDOG = b"WATCHDOG=1"
BEAT_S = 1.0
# A process that tells nothing for so long hangs. The units' ``WatchdogSec=`` is the same.
SILENCE_S = 30.0
LONGEST_DATAGRAM = 4096


def notify(address: str | None, state: bytes) -> None:
    """Tell whoever started this process its state. Does nothing when nobody asked (``address`` is None)."""
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(state, _place(address))
    except OSError as error:
        log.debug("nobody takes notice of %s at %s: %s", state.decode(), address, error.strerror)


def _place(address: str) -> str:
    """A leading @ stands for the abstract namespace."""
    return "\0" + address[1:] if address.startswith("@") else address


class Heartbeat:
    """Tells whoever started this process that its work goes on, at most once a second.

    The loop that does the work calls it at every pass. Where that loop hangs nothing is told, and the process
    is killed after ``SILENCE_S``. It waits for nobody: a supervisor that is stopped itself takes ten and no
    more, and hears of the next one when it goes on. Its socket is its own, so that it is told as well where
    no further file may be opened.
    """

    def __init__(self, address: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = _place(address) if address else None
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._clock = clock
        self._next = -math.inf

    def __call__(self) -> None:
        """The work has come round once more."""
        now = self._clock()
        if now >= self._next:
            self._next = now + BEAT_S
            if self._place:
                with contextlib.suppress(OSError):  # nobody takes notice
                    self._sock.sendto(WATCHDOG, self._place)

    def close(self) -> None:
        """Tell nothing more."""
        self._sock.close()


class NotifyListener:
    """The listening side: calls ``on_state`` for each state, such as ``READY``, that arrives at ``path``."""

    def __init__(self, path: Path, on_state: Callable[[bytes], None]) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._on_state = on_state
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._sock.bind(str(path))
            path.chmod(0o600)
        except OSError:
            self._sock.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock.fileno(), self._readable)

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for state in self._sock.recv(LONGEST_DATAGRAM).split(b"\n"):
                self._on_state(state)

    def close(self) -> None:
        """Stop listening and remove the socket file."""
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        self.path.unlink(missing_ok=True)
