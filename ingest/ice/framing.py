"""Packets over TCP: two bytes of length before each (RFC 4571)."""

LENGTH_BYTES = 2
MAX_PACKET = (1 << 16) - 1


class Deframer:
    """Takes a stream apart. It holds less than one whole packet between two calls."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole with these bytes."""
        self._received += data
        packets, start = [], 0
        while len(self._received) - start >= LENGTH_BYTES:
            end = start + LENGTH_BYTES + int.from_bytes(self._received[start : start + LENGTH_BYTES], "big")
            if end > len(self._received):
                break
            packets.append(bytes(self._received[start + LENGTH_BYTES : end]))
            start = end
        del self._received[:start]
        return packets


def frame(packet: bytes) -> bytes:
    """A packet as it goes over the wire.

    Raises:
        OverflowError: it is longer than 65535 bytes.
    """
    return len(packet).to_bytes(LENGTH_BYTES, "big") + packet
