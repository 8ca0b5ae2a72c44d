"""Packets over TCP, cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.ice.framing import MAX_PACKET, Deframer, frame


@given(packets=st.lists(st.binary(max_size=300), max_size=8), cut=st.integers(1, 50))
def test_packets_come_out_as_they_went_in_however_the_stream_is_cut(packets: list[bytes], cut: int) -> None:
    stream = b"".join(map(frame, packets))
    deframer = Deframer()
    taken = []
    for start in range(0, len(stream), cut):
        taken += deframer.feed(stream[start : start + cut])
    assert taken == packets


def test_no_more_than_one_packet_is_held() -> None:
    deframer = Deframer()
    assert deframer.feed(frame(bytes(MAX_PACKET))[:-1]) == []
    assert deframer.feed(b"\0" + frame(b"next")) == [bytes(MAX_PACKET), b"next"]
    assert len(deframer._received) == 0


def test_a_packet_that_no_length_can_tell_is_not_sent() -> None:
    with pytest.raises(OverflowError):
        frame(bytes(MAX_PACKET + 1))
