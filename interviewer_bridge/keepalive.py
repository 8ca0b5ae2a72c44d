"""Sockets that notice within seconds that the other end is gone: nothing says so when a host loses power."""

import socket
from typing import Any

GONE_AFTER_S = 4
OPTIONS = (
    ("SO_KEEPALIVE", socket.SOL_SOCKET, 1),
    ("TCP_KEEPIDLE", socket.IPPROTO_TCP, 2),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, 1),
    ("TCP_KEEPCNT", socket.IPPROTO_TCP, GONE_AFTER_S - 2),
    ("TCP_USER_TIMEOUT", socket.IPPROTO_TCP, 1000 * GONE_AFTER_S),
)


def watched_socket(info: tuple[Any, ...]) -> socket.socket:
    """A TCP socket of a ``getaddrinfo`` entry, whose other end is asked every second whether it is there."""
    sock = socket.socket(*info[:3])
    for name, level, value in OPTIONS:
        if (option := getattr(socket, name, None)) is not None:  # not every system has them all
            sock.setsockopt(level, option, value)
    return sock
