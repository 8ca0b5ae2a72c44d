"""RTCP that a receiver sends: what it got, what it misses, what it wants (RFC 3550, RFC 4585, two drafts)."""

from collections.abc import Callable, Iterable, Sequence
from struct import pack

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    pack_remb_fci,
    pack_rtcp_packet,
)

from .arrivals import Stretch
from .round_trip import pack_reference_time
from .transport_cc import pack_feedback

# More than a sender keeps for retransmission; the rest is asked for when these are in.
MAX_REQUESTED = 128


class Feedback:
    """Builds the packets and hands them to ``send``; ``ssrc`` is ours, announced in the answer."""

    def __init__(self, ssrc: int, send: Callable[[bytes], None]) -> None:
        self.ssrc = ssrc
        self._send = send
        self._acknowledged = 0

    def reception(self, blocks: Sequence[RtcpReceiverInfo], now_ns: int) -> None:
        """Send a receiver report, and our time with it, for the sender to tell back."""
        report = RtcpRrPacket(ssrc=self.ssrc, reports=list(blocks))
        self._send(bytes(report) + pack_reference_time(self.ssrc, now_ns))

    def request_packets(self, media_ssrc: int, numbers: Sequence[int]) -> None:
        """Ask for lost packets again (generic NACK); ``numbers`` are extended and ascending."""
        self._send(pack_nack(self.ssrc, media_ssrc, numbers[:MAX_REQUESTED]))

    def request_keyframe(self, media_ssrc: int) -> None:
        """Tell of a lost picture (PLI)."""
        self._send(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self.ssrc, media_ssrc=media_ssrc)))

    def acknowledge(self, media_ssrc: int, stretches: Iterable[Stretch]) -> None:
        """Tell which packets of all tracks arrived, and when; ``media_ssrc`` is of any of them."""
        for first, arrivals in stretches:
            packets = pack_feedback(self.ssrc, media_ssrc, first, arrivals, self._acknowledged)
            self._acknowledged += len(packets)
            for packet in packets:
                self._send(packet)

    def limit_bitrate(self, bits_per_second: int, ssrcs: Sequence[int]) -> None:
        """Tell what the path can carry (REMB, draft-alvestrand-rmcat-remb-03)."""
        fci = pack_remb_fci(bits_per_second, list(ssrcs))
        self._send(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self.ssrc, media_ssrc=0, fci=fci)))


def pack_nack(ssrc: int, media_ssrc: int, numbers: Sequence[int]) -> bytes:
    """A generic NACK (RFC 4585 6.2.1): pairs of a number and a bit mask of the 16 that follow it."""
    payload = pack("!LL", ssrc, media_ssrc)
    at = 0
    while at < len(numbers):
        first, mask = numbers[at], 0
        at += 1
        while at < len(numbers) and numbers[at] - first <= 16:
            mask |= 1 << (numbers[at] - first - 1)
            at += 1
        payload += pack("!HH", first & 0xFFFF, mask)
    return pack_rtcp_packet(RTCP_RTPFB, RTCP_RTPFB_NACK, payload)
