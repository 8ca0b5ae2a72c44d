"""The round trip by extended reports; the sender's answer is written here from RFC 3611."""

from struct import pack, unpack_from

import pytest
from aiortc.rtp import RtcpByePacket
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.round_trip import pack_reference_time, read_round_trip

OURS, THEIRS = 7, 9
SECOND = 10**9
HOUR = 3600 * SECOND


def answered(told: bytes, kept_s: float, ssrc: int = OURS) -> bytes:
    """What a sender says that kept the time it was told for so long (section 4.5)."""
    kind, words, _, block, size, seconds, fraction = unpack_from("!xBHLBxHLL", told)
    assert (kind, 4 * (words + 1), block, size) == (207, len(told), 4, 2)
    last = (seconds & 0xFFFF) << 16 | fraction >> 16
    return pack("!BBHLBBHLLL", 0x80, 207, 5, THEIRS, 5, 0, 3, ssrc, last, int(kept_s * 65536))


def test_the_time_under_way_is_what_was_not_spent_at_the_sender() -> None:
    told = pack_reference_time(OURS, HOUR)
    answer = bytes(RtcpByePacket([1])) + answered(told, kept_s=0.5)
    assert read_round_trip(answer, OURS, HOUR + 3 * SECOND // 4) == pytest.approx(0.25, abs=1e-4)


def test_the_clock_wraps() -> None:
    before = (1 << 16) * SECOND - SECOND // 10
    told = pack_reference_time(OURS, before)
    assert read_round_trip(answered(told, 0.1), OURS, before + SECOND // 2) == pytest.approx(0.4, abs=1e-4)


def test_what_answers_somebody_else_or_nothing_tells_nothing() -> None:
    told = pack_reference_time(OURS, HOUR)
    assert read_round_trip(answered(told, 0.0, ssrc=8), OURS, HOUR + SECOND) is None
    assert read_round_trip(told, OURS, HOUR + SECOND) is None
    assert read_round_trip(bytes(RtcpByePacket([1])), OURS, HOUR) is None


def test_a_sender_that_claims_to_have_kept_it_longer_than_it_was_away_is_not_believed() -> None:
    told = pack_reference_time(OURS, HOUR)
    assert read_round_trip(answered(told, kept_s=2.0), OURS, HOUR + SECOND) is None


@given(
    st.binary(max_size=80) | st.binary(max_size=60).map(lambda data: b"\x80\xcf\0\5\0\0\0\7\5\0\0\3" + data)
)
def test_whatever_comes_is_a_time_or_none(data: bytes) -> None:
    found = read_round_trip(data, OURS, HOUR)
    assert found is None or 0 <= found <= 60
