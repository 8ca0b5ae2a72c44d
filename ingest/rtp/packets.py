"""RTP packets as they come out of SRTP (RFC 3550 section 5.1), parsed no further than a receiver needs."""

from struct import Struct
from typing import NamedTuple

HEADER = Struct("!BBHLL")
EXTENSION_HEADER = Struct("!HH")
# Profiles of the header extension whose elements have heads of one byte, and of two (RFC 8285 4.2, 4.3);
# of the latter the last four bits are the application's.
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000


class RtpPacket(NamedTuple):
    """One packet. ``extension`` is the header extension's body, ``two_byte`` tells of its elements' heads."""

    payload_type: int
    marker: bool
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes
    extension: bytes = b""
    two_byte: bool = False

    def element(self, element_id: int) -> bytes:
        """The header extension's element of that id, empty when it is not there."""
        if self.two_byte:
            return two_byte_element(self.extension, element_id)
        return extension_element(self.extension, element_id)


def parse_rtp(data: bytes) -> RtpPacket:
    """Parse a decrypted packet.

    Raises:
        ValueError: it is truncated, or says so of its parts.
    """
    size = len(data)
    if size < HEADER.size:
        raise ValueError("the RTP header is truncated")
    first, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("the RTP version is not 2")
    start = HEADER.size + 4 * (first & 0x0F)
    extension, two_byte = b"", False
    if first & 0x10:
        if size < start + 4:
            raise ValueError("the RTP header extension is truncated")
        profile, words = EXTENSION_HEADER.unpack_from(data, start)
        body = start + 4
        start = body + 4 * words
        two_byte = profile & 0xFFF0 == TWO_BYTE_PROFILE
        if two_byte or profile == ONE_BYTE_PROFILE:
            extension = data[body:start]
    end = size - data[-1] if first & 0x20 else size
    if end < start or (first & 0x20 and end == size):
        raise ValueError("the RTP packet is shorter than its parts")
    return RtpPacket(
        second & 0x7F,
        second > 0x7F,
        sequence_number,
        timestamp,
        ssrc,
        data[start:end],
        extension,
        two_byte,
    )


def unwrap_rtx(packet: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket:
    """The lost packet that a retransmission carries (RFC 4588).

    Raises:
        ValueError: it is too short to say which.
    """
    if len(packet.payload) < 2:
        raise ValueError("the retransmission is empty")
    return packet._replace(
        payload_type=payload_type,
        sequence_number=int.from_bytes(packet.payload[:2], "big"),
        ssrc=ssrc,
        payload=packet.payload[2:],
    )


def extension_element(extension: bytes, element_id: int) -> bytes:
    """The element of that id in a one-byte header extension, empty when it is not there (RFC 8285 4.2)."""
    at = 0
    while at < len(extension):
        head = extension[at]
        if head == 0:  # padding
            at += 1
            continue
        end = at + 2 + (head & 0x0F)
        if head >> 4 == element_id:
            return extension[at + 1 : end]
        at = end
    return b""


def two_byte_element(extension: bytes, element_id: int) -> bytes:
    """The element of that id in a two-byte header extension, empty when it is not there (RFC 8285 4.3)."""
    at = 0
    while at + 1 < len(extension):
        if extension[at] == 0:  # padding
            at += 1
            continue
        end = at + 2 + extension[at + 1]
        if extension[at] == element_id:
            return extension[at + 2 : end]
        at = end
    return b""
