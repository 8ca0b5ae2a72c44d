"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure.

The feedback tells a sender which of its packets arrived and when; how much the path carries is for the sender
to conclude. A packet (section 3.1) holds one status for every sequence number from its base on, in chunks of
16 bits, and for every packet that arrived the time since the one before::

    first number (16)   count of statuses (16)
    reference time, signed, in 64 ms (24)   number of this feedback (8)
    chunks, each         0 ss rrrrrrrrrrrrr    r times the status s
                      or 10 ssssssssssssss     14 statuses: not received, received
                      or 11 ssssssssssssss      7 statuses of two bits
    deltas in 250 us: one unsigned byte where the status is 1, two signed ones where it is 2
"""

from collections.abc import Iterator, Sequence
from struct import pack

from aiortc.rtp import RTCP_RTPFB, pack_rtcp_packet

RTPFB_TRANSPORT_CC = 15
TICK_NS = 250_000
TICKS_PER_REFERENCE = 256
LOST, SMALL, LARGE = range(3)
MAX_RUN = (1 << 13) - 1
MAX_STATUSES = (1 << 16) - 1
# In the worst case each takes six bytes: two chunks and a large delta. So a packet stays below 1,200 bytes.
MAX_RECEIVED = 180

Arrival = tuple[int, int]
"""The extended sequence number of a packet and the monotonic nanoseconds of its arrival."""


def pack_feedback(
    ssrc: int, media_ssrc: int, first: int, arrivals: Sequence[Arrival], counted: int
) -> list[bytes]:
    """RTCP packets that tell of all numbers from ``first`` to the last arrival's.

    ``arrivals`` ascend by number, none twice, none before ``first``; numbers between them are told as lost.
    ``counted`` is how many feedback packets went before. Usually that is one packet; where it would be too
    long, or a time between two packets too far for a delta, more.
    """
    packets: list[bytes] = []
    for part in _parts(first, arrivals):
        header = pack("!LLHH", ssrc, media_ssrc, first & 0xFFFF, part[-1][0] - first + 1)
        body = header + _pack_statuses(first, part, counted + len(packets))
        packets.append(pack_rtcp_packet(RTCP_RTPFB, RTPFB_TRANSPORT_CC, body + bytes(-len(body) % 4)))
        first = part[-1][0] + 1
    return packets


def _parts(first: int, arrivals: Sequence[Arrival]) -> Iterator[Sequence[Arrival]]:
    begin = 0
    for at in range(1, len(arrivals)):
        (number, arrival_ns), (_, before_ns) = arrivals[at], arrivals[at - 1]
        ticks = arrival_ns // TICK_NS - before_ns // TICK_NS
        if at - begin == MAX_RECEIVED or number - first >= MAX_STATUSES or not -(1 << 15) <= ticks < 1 << 15:
            yield arrivals[begin:at]
            begin, first = at, arrivals[at - 1][0] + 1
    if begin < len(arrivals):
        yield arrivals[begin:]


def _pack_statuses(first: int, arrivals: Sequence[Arrival], counted: int) -> bytes:
    reference = arrivals[0][1] // TICK_NS // TICKS_PER_REFERENCE
    ticks = reference * TICKS_PER_REFERENCE
    symbols, deltas = bytearray(), bytearray()
    for number, arrival_ns in arrivals:
        delta = arrival_ns // TICK_NS - ticks
        ticks += delta
        small = 0 <= delta <= 0xFF
        symbols += bytes(number - first - len(symbols)) + (b"\1" if small else b"\2")
        deltas += pack("!B" if small else "!h", delta)
    head = ((reference & 0xFFFFFF) << 8 | counted & 0xFF).to_bytes(4, "big")
    return head + b"".join(_chunks(bytes(symbols))) + deltas


def _chunks(symbols: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(symbols):
        ahead = symbols[at : at + MAX_RUN]
        run = len(ahead) - len(ahead.lstrip(ahead[:1]))
        bits = 1 if max(ahead[:14]) < LARGE else 2
        room = 14 // bits
        if run >= min(room, len(ahead)):
            yield pack("!H", ahead[0] << 13 | run)
            at += run
        else:
            yield pack("!H", _vector(ahead[:room], bits))
            at += room


def _vector(symbols: bytes, bits: int) -> int:
    packed = 0
    for symbol in symbols.ljust(14 // bits, b"\0"):
        packed = packed << bits | symbol
    return (1 + bits) << 14 | packed
