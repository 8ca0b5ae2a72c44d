"""RTCP we send, read back by aiortc."""

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.feedback import MAX_REQUESTED, Feedback, pack_nack


@given(st.sets(st.integers(65_000, 66_500), min_size=1, max_size=60))
def test_every_missing_number_is_in_the_nack_across_the_wrap(numbers: set[int]) -> None:
    (packet,) = RtcpPacket.parse(pack_nack(1, 2, sorted(numbers)))
    assert isinstance(packet, RtcpRtpfbPacket)
    assert (packet.ssrc, packet.media_ssrc) == (1, 2)
    # aiortc does not wrap the numbers it reads from a bit mask.
    assert {number & 0xFFFF for number in packet.lost} == {number & 0xFFFF for number in numbers}


def test_each_feedback_is_what_a_sender_understands() -> None:
    sent: list[bytes] = []
    feedback = Feedback(7, sent.append)
    block = RtcpReceiverInfo(9, 0, 0, 5, 0, 0, 0)
    feedback.reception([block], 0)
    feedback.request_keyframe(9)
    feedback.limit_bitrate(1_000_000, [9])
    feedback.request_packets(9, list(range(70_000, 70_000 + 2 * MAX_REQUESTED)))
    report, keyframe, limit, nack = (RtcpPacket.parse(data)[0] for data in sent)
    assert report == RtcpRrPacket(7, [block])
    assert keyframe == RtcpPsfbPacket(RTCP_PSFB_PLI, 7, 9)
    assert isinstance(limit, RtcpPsfbPacket)
    assert limit.fmt == RTCP_PSFB_APP
    assert unpack_remb_fci(limit.fci)[1] == [9]
    assert isinstance(nack, RtcpRtpfbPacket)
    assert len(nack.lost) == MAX_REQUESTED
