"""How long the way to the sender and back is, by RTCP extended reports (RFC 3611 sections 4.4, 4.5). Pure.

A receiver that sends no media gets no reception report, so it tells its time and the sender tells it back
with how long it was kept. The time is CLOCK_MONOTONIC as 32.32 fixed point: only its sender reads it.
"""

from collections.abc import Iterator
from struct import pack, unpack_from

from aiortc.rtp import pack_rtcp_packet

RTCP_XR = 207
RECEIVER_REFERENCE_TIME, DELAY_SINCE_LAST_REPORT = 4, 5
LONGEST_S = 60.0


def pack_reference_time(ssrc: int, now_ns: int) -> bytes:
    """An extended report that tells our time."""
    return pack_rtcp_packet(RTCP_XR, 0, pack("!LBBHQ", ssrc, RECEIVER_REFERENCE_TIME, 0, 2, _fixed(now_ns)))


def read_round_trip(rtcp: bytes, ssrc: int, now_ns: int) -> float | None:
    """Seconds for the way there and back, if a compound packet answers a time that this ``ssrc`` told."""
    for kind, begin, end in _packets(rtcp):
        if kind == RTCP_XR:
            for reporter, last, delay in _delays(rtcp[begin + 8 : end]):
                if reporter == ssrc and last:
                    elapsed = ((_fixed(now_ns) >> 16) - last - delay) & 0xFFFFFFFF
                    return elapsed / 65536 if elapsed <= LONGEST_S * 65536 else None
    return None


def _fixed(now_ns: int) -> int:
    return (now_ns << 32) // 1_000_000_000 & 0xFFFFFFFFFFFFFFFF


def _packets(rtcp: bytes) -> Iterator[tuple[int, int, int]]:
    at = 0
    while at + 4 <= len(rtcp):
        _, kind, words = unpack_from("!BBH", rtcp, at)
        end = at + 4 * (words + 1)
        if end > len(rtcp):
            return
        yield kind, at, end
        at = end


def _delays(blocks: bytes) -> Iterator[tuple[int, int, int]]:
    at = 0
    while at + 4 <= len(blocks):
        kind, _, words = unpack_from("!BBH", blocks, at)
        end = at + 4 * (words + 1)
        if kind == DELAY_SINCE_LAST_REPORT:
            for each in range(at + 4, min(end, len(blocks)) - 11, 12):
                yield unpack_from("!LLL", blocks, each)
        at = end
