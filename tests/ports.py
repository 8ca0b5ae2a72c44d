"""Ports for the servers that tests start, and for addresses at which nobody listens.

A port that the kernel chose and took back may be another's a moment later: whatever connects gets one of the
same range. These lie below that range, and each process of tests hands out those of a block of its own.
"""

import socket
from contextlib import ExitStack
from functools import cache

FIRST, LAST = 10_000, 32_000  # Linux gives ports of its own accord from 32,768 on
BLOCK = 500


def free_port(count: int = 1) -> int:
    """The first of so many ports in a row that nobody uses, neither for UDP nor for TCP, at any address.

    This process hands none of them out again before a whole block has been.
    """
    return _block().next(count)


class Block:
    """Ports that are this process' for as long as it lives; others that run tests have other blocks."""

    def __init__(self) -> None:
        for self._first in range(FIRST, LAST, BLOCK):
            self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self._claim.bind(f"\0argusd-tests-ports-{self._first}")
            except OSError:
                self._claim.close()
                continue
            self._next = self._first
            return
        raise RuntimeError("too many processes run tests at once: every block of ports is taken")

    def next(self, count: int) -> int:
        """The first of ``count`` free ones."""
        for _ in range(BLOCK):
            if self._next + count > self._first + BLOCK:
                self._next = self._first
            port, self._next = self._next, self._next + 1
            if all(_is_free(each) for each in range(port, port + count)):
                self._next = port + count
                return port
        raise RuntimeError(f"no {count} free ports in a row from {self._first} on")


@cache
def _block() -> Block:
    return Block()


def _is_free(port: int) -> bool:
    with ExitStack() as stack:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                sock.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True
