"""When a datagram arrived: when the kernel had it, not when we came to read it.

A loop that is a few milliseconds late reads all that came meanwhile at once. A sender that is told such times
takes them for a queue on the path, and finds its probes of the bandwidth spoilt.
"""

import fcntl
import socket
import struct
import time

SIOCGSTAMPNS = 0x8907  # Linux, socket(7): the receive time of the last packet that was passed to the user
TIMESPEC = struct.Struct("qq")
NO_TIME = bytes(TIMESPEC.size)
LATEST_NS = 1_000_000_000  # more than this late is a step of the wall clock


class ArrivalClock:
    """Tells of one socket's datagrams; asked right after a datagram was read. Costs about a microsecond."""

    def __init__(self, sock: socket.socket | None) -> None:
        is_udp = sock is not None and sock.type == socket.SOCK_DGRAM
        self._fd = sock.fileno() if sock is not None and is_udp else -1
        self.last_ns()  # from now on the kernel notes the time

    def last_ns(self) -> int:
        """CLOCK_MONOTONIC in ns when the datagram that was read last arrived; now, where nothing tells."""
        if self._fd < 0:
            return time.monotonic_ns()
        try:
            seconds, ns = TIMESPEC.unpack(fcntl.ioctl(self._fd, SIOCGSTAMPNS, NO_TIME))
        except OSError:  # nothing was read yet
            return time.monotonic_ns()
        late_ns = time.time_ns() - (seconds * 1_000_000_000 + ns)
        return time.monotonic_ns() - (late_ns if 0 < late_ns < LATEST_NS else 0)


NOW = ArrivalClock(None)
"""Of what comes through no socket, or is not known to: it arrives as it is read."""
