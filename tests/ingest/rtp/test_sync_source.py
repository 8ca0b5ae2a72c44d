"""Reception reports as RFC 3550 counts, and one stream's state however many SSRCs come."""

import pytest
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from argusd.ingest.rtp.clock import NTP_TO_UNIX_S
from argusd.ingest.rtp.packets import RtpPacket
from argusd.ingest.rtp.sync_source import LATE_NS, SILENCE_NS, RtpStream, SyncSource

MS = 1_000_000


def feed(stream: RtpStream, number: int, timestamp: int, now_ns: int) -> None:
    stream.count(*stream.extend(RtpPacket(96, False, number, timestamp, stream.ssrc, b"")), now_ns)


def test_the_fraction_lost_is_that_since_the_last_report() -> None:
    stream = RtpStream(5, 90_000)
    for number in (10, 11, 13, 14):
        feed(stream, number, 3000 * number, number)
    block = stream.report_block(20)
    assert (block.ssrc, block.packets_lost, block.fraction_lost) == (5, 1, 256 // 5)
    assert block.highest_sequence & 0xFFFF == 14
    for number in (15, 16):
        feed(stream, number, 3000 * number, number)
    assert (stream.report_block(30).packets_lost, stream.report_block(40).fraction_lost) == (1, 0)


def test_sequence_numbers_count_their_cycles() -> None:
    stream = RtpStream(5, 90_000)
    feed(stream, 65_535, 0, 0)
    before = stream.report_block(0).highest_sequence
    feed(stream, 0, 0, 0)
    assert stream.report_block(0).highest_sequence == before + 1


def test_an_even_stream_has_no_jitter_and_a_late_packet_adds_a_sixteenth() -> None:
    stream = RtpStream(5, 90_000)
    for number in range(3):
        feed(stream, number, 900 * number, 10 * MS * number)
    assert stream.report_block(0).jitter == 0
    feed(stream, 3, 2700, 30 * MS + 16 * MS)
    assert stream.report_block(0).jitter == 90  # 16 ms are 1440 clocks


def test_jitter_that_no_report_can_tell_is_told_as_the_most_it_can() -> None:
    """Old numbers do not count, their timestamps do: so a sender steps as far as it likes between two."""
    stream = RtpStream(5, 48_000)
    feed(stream, 100, 0, 0)
    for step in range(1, 65):
        feed(stream, 100 - step, step * 0x7FFFFFFF & 0xFFFFFFFF, 0)
    feed(stream, 101, 64 * 0x7FFFFFFF & 0xFFFFFFFF, 0)
    block = stream.report_block(0)
    assert block.jitter == 0xFFFFFFFF
    assert bytes(block)


def test_who_says_goodbye_is_gone_once_it_was_silent_and_not_while_it_goes_on() -> None:
    stream = RtpStream(5, 48_000)
    feed(stream, 1, 0, 0)
    assert not stream.gone(10 * LATE_NS)
    stream.bye(MS)
    feed(stream, 2, 960, LATE_NS // 2)  # overtaken by the goodbye
    assert not stream.gone(MS + LATE_NS - 1)
    assert stream.gone(MS + LATE_NS)
    feed(stream, 3, 1920, MS + LATE_NS)
    assert not stream.gone(10 * LATE_NS)


def test_a_sender_report_dates_packets_and_is_acknowledged() -> None:
    stream = RtpStream(5, 90_000)
    feed(stream, 1, 90_000, 0)
    number, timestamp = stream.extend(RtpPacket(96, False, 2, 135_000, 5, b""))
    assert number == 65_538
    ntp = (NTP_TO_UNIX_S + 100) << 32
    stream.sender_report(RtcpSrPacket(5, RtcpSenderInfo(ntp, 90_000, 1, 1)), now_ns=10**9)
    assert stream.clock.captured_ns(timestamp) == 100_500_000_000
    block = stream.report_block(now_ns=10**9 + 500 * MS)
    assert (block.lsr, block.dlsr) == (ntp >> 16 & 0xFFFFFFFF, 32_768)


def test_a_hundred_other_ssrcs_are_refused_and_counted() -> None:
    source = SyncSource(90_000)
    with pytest.raises(ValueError, match="no packet"):
        _ = source.ssrc
    stream = source.admit(1, 0)
    assert [source.admit(ssrc, MS) for ssrc in range(2, 102)] == [None] * 100
    assert source.refused == 100
    assert source.admit(1, 2 * MS) is stream


def test_another_ssrc_takes_over_when_the_first_fell_silent() -> None:
    source = SyncSource(90_000)
    source.admit(1, 0)
    assert source.admit(2, SILENCE_NS) is None
    other = source.admit(2, SILENCE_NS + 1)
    assert other is not None
    assert source.ssrc == other.ssrc == 2


def test_with_simulcast_there_are_as_many_streams_as_layers() -> None:
    source = SyncSource(90_000, layers=3)
    first, *others = (source.admit(ssrc, 0) for ssrc in (1, 2, 3))
    assert source.streams == [first, *others]
    assert source.stream is first
    assert [source.admit(ssrc, MS) for ssrc in range(4, 104)] == [None] * 100
    assert source.refused == 100
    for ssrc in (2, 3):
        stream = source.admit(ssrc, MS)
        assert stream is not None
        feed(stream, 1, 0, SILENCE_NS)
    assert source.admit(4, SILENCE_NS + 1) is not None
    assert [stream.ssrc for stream in source.streams] == [2, 3, 4]
    assert source.ssrc == 4
