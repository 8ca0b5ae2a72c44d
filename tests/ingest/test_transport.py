"""Decrypted RTP and RTCP of any kind: fed, or counted, never more. SRTP itself is taken off."""

import asyncio
import time
from collections import Counter
from typing import Any

import numpy as np
import pylibsrtp
import pytest
from aiortc import RTCDtlsTransport
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpRtpfbPacket, RtcpSenderInfo, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.peers.clips import opus_clip
from argusd.ingest.audio import AudioReceiver
from argusd.ingest.decoding.picture_limit import PictureLimit
from argusd.ingest.errors import IncompatibleLibrary
from argusd.ingest.offers.agreement import Payload
from argusd.ingest.rtp.burst import MAX_BURST, MAX_EARLY
from argusd.ingest.rtp.feedback import Feedback
from argusd.ingest.rtp.gate import KeyframeGate
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.sink import PcmSink
from argusd.ingest.transport import MAX_SENDING, MediaTransport, RtcpSender, check_aiortc
from argusd.ingest.video import VideoReceiver

from ..waiting import LONGEST_S
from .rtp.transport_cc_reader import Told, read_feedback

VP8, RTX, OPUS = 96, 97, 111
TRANSPORT_CC = 5
PAYLOADS = {VP8: Payload("vp8"), RTX: Payload("vp8", VP8), OPUS: Payload("opus")}


class PlainSrtp:
    """Takes the place of an SRTP session that has nothing to decrypt."""

    def unprotect(self, data: bytes) -> bytes:
        return data

    unprotect_rtcp = unprotect


class RefusingSrtp:
    """Takes the place of an SRTP session that never heard of the key."""

    def unprotect(self, data: bytes) -> bytes:
        raise pylibsrtp.Error("authentication failure")

    unprotect_rtcp = unprotect


class Dtls:
    """Takes the place of RTCDtlsTransport."""

    def __init__(self, srtp: object) -> None:
        self._rx_srtp = srtp
        self.sent: asyncio.Queue[bytes] = asyncio.Queue()
        self.hold = asyncio.Event()
        self.hold.set()

    async def _send_rtp(self, data: bytes) -> None:
        await self.hold.wait()
        self.sent.put_nowait(data)


class Decoder:
    """Takes the place of VideoDecoder."""

    def __init__(self) -> None:
        self.backlog = self.frames = 0
        self.dropped: Counter[str] = Counter()

    def submit(self, _work: Any) -> None:
        self.frames += 1


class TellingSink(PcmSink):
    """Tells of every write."""

    def __init__(self, arena: Arena) -> None:
        super().__init__(arena, 2.0, lambda _ring: None)
        self.writes: asyncio.Queue[int] = asyncio.Queue()

    def write(
        self, samples: NDArray[np.int16], captured_ns: int, arrival_ns: int, rtp_timestamp: int
    ) -> None:
        super().write(samples, captured_ns, arrival_ns, rtp_timestamp)
        self.writes.put_nowait(len(samples))


class Path:
    """A transport whose datagrams come from the test."""

    def __init__(self, srtp: object = None, arena: Arena | None = None) -> None:
        self.dtls = Dtls(srtp if srtp is not None else PlainSrtp())
        dtls: Any = self.dtls
        self.dropped: Counter[str] = Counter()
        self.feedback = Feedback(1, RtcpSender(dtls).send)
        decoder: Any = Decoder()
        video = VideoReceiver(decoder, KeyframeGate(PictureLimit(1920 * 1088, 1920)), self.feedback, None)
        self.sink = TellingSink(arena or Arena(1 << 20))
        audio = AudioReceiver(self.sink)
        self.transport = MediaTransport(
            dtls, PAYLOADS, video, audio, self.feedback, self.dropped, TRANSPORT_CC
        )

    async def acknowledged(self) -> list[Told]:
        """The transport-wide feedback that was sent."""
        await asyncio.sleep(0)
        sent = [self.dtls.sent.get_nowait() for _ in range(self.dtls.sent.qsize())]
        return [read_feedback(data) for data in sent if data[:2] == b"\x8f\xcd"]


def rtp(payload_type: int, number: int, payload: bytes, ssrc: int = 7, *, marker: bool = True) -> bytes:
    header = (
        bytes([0x80, payload_type | marker << 7])
        + number.to_bytes(2, "big")
        + (960 * number).to_bytes(4, "big")
    )
    return header + ssrc.to_bytes(4, "big") + payload


def numbered(packet: bytes, number: int) -> bytes:
    """The packet with a transport-wide number."""
    extension = bytes([0xBE, 0xDE, 0, 1, TRANSPORT_CC << 4 | 1]) + number.to_bytes(2, "big") + b"\0"
    return bytes([packet[0] | 0x10]) + packet[1:12] + extension + packet[12:]


def sound(number: int, ssrc: int = 7) -> bytes:
    return rtp(OPUS, number, opus_clip(50)[number], ssrc)


async def test_packets_go_where_their_payload_type_says() -> None:
    path = Path()
    path.transport.receive(sound(0))
    path.transport.receive(rtp(120, 0, b"x"))
    assert path.transport.audio.frames == 1
    assert path.transport.video.source.stream is None
    assert path.dropped == {"unknown_payload_packet": 1}
    assert path.transport.last_media_ns > 0


async def test_media_that_overtakes_the_handshake_waits_for_it_in_a_bounded_place() -> None:
    path = Path()
    srtp, path.dtls._rx_srtp = path.dtls._rx_srtp, None
    for number in range(3):
        path.transport.receive(sound(number))
    assert path.transport.audio.frames == 0
    path.dtls._rx_srtp = srtp
    path.transport.receive(sound(3))
    assert path.transport.audio.frames == 4
    path.dtls._rx_srtp = None
    for _ in range(2 * MAX_EARLY):
        path.transport.receive(rtp(120, 0, b"x"))
    path.dtls._rx_srtp = srtp
    path.transport.receive(sound(4))
    assert path.dropped == {"unknown_payload_packet": MAX_EARLY - 1, "early_packet": MAX_EARLY + 1}


async def test_the_packets_of_a_picture_are_handled_with_its_last_one() -> None:
    path = Path()
    received = path.transport.video.source
    for number in range(3):
        path.transport.receive(rtp(VP8, number, b"\x10\x01", marker=False))
        assert received.stream is None
    path.transport.receive(rtp(VP8, 3, b"\x10\x01"))
    assert received.stream is not None
    assert received.stream.report_block(0).packets_lost == 0
    assert received.stream.report_block(0).highest_sequence & 0xFFFF == 3


async def test_any_other_packet_and_a_full_burst_end_the_wait() -> None:
    for enough in (sound(0), bytes(RtcpByePacket([1])), rtp(RTX, 0, b"")):
        path = Path()
        path.transport.receive(rtp(VP8, 0, b"\x10\x01", marker=False))
        path.transport.receive(enough)
        assert path.transport.video.source.stream is not None
    path = Path()
    for number in range(MAX_BURST):
        assert path.transport.video.source.stream is None
        path.transport.receive(rtp(VP8, number, b"\x10\x01", marker=False))
    stream = path.transport.video.source.stream
    assert stream is not None
    path.transport.receive(rtp(VP8, MAX_BURST, b"\x10\x01", marker=False))  # no marker ever: no more waiting
    assert stream.report_block(0).highest_sequence & 0xFFFF == MAX_BURST


async def test_sound_is_handled_with_the_next_picture() -> None:
    path = Path()
    path.transport.receive(rtp(VP8, 0, b"\x10\x01"))
    path.transport.receive(sound(0))
    assert path.transport.audio.frames == 0
    path.transport.receive(rtp(VP8, 1, b"\x10\x01"))
    assert path.transport.audio.frames == 1


async def test_a_lost_packet_is_asked_for_at_the_end_of_its_burst() -> None:
    path = Path()
    path.transport.receive(rtp(VP8, 0, b"\x10\x01"))
    path.transport.receive(rtp(VP8, 2, b"\x10\x01"))
    await asyncio.sleep(0)
    sent = [RtcpPacket.parse(path.dtls.sent.get_nowait()) for _ in range(path.dtls.sent.qsize())]
    requests = [packet for packets in sent for packet in packets if isinstance(packet, RtcpRtpfbPacket)]
    assert [request.lost for request in requests] == [[1]]


async def test_the_sender_is_told_of_every_packet_whatever_becomes_of_it() -> None:
    """Sound, pictures, padding (which probes the path), and what has no receiver."""
    path = Path()
    path.transport.receive(numbered(rtp(VP8, 0, b"\x10\x01", ssrc=8), 65_533))
    path.transport.receive(numbered(sound(0), 65_535))
    path.transport.receive(numbered(rtp(RTX, 0, b"", ssrc=9), 0))
    path.transport.receive(numbered(rtp(120, 0, b"x", ssrc=10), 1))
    path.transport.receive(sound(1))
    path.transport.report()
    told = await path.acknowledged()
    numbers = {number: ticks is not None for packet in told for number, ticks in packet.arrivals.items()}
    assert numbers == {65_533: True, 65_534: False, 65_535: True, 0: True, 1: True}
    assert {(packet.ssrc, packet.media_ssrc) for packet in told} <= {(1, 8), (1, 10)}


async def test_nothing_is_told_where_it_was_not_agreed_or_the_session_is_over() -> None:
    path = Path()
    path.transport._transport_cc = 0
    path.transport.receive(numbered(sound(0), 1))
    path.transport.report()
    assert await path.acknowledged() == []
    path = Path()
    path.transport.receive(numbered(sound(0), 1))
    await path.acknowledged()
    path.transport.receive(numbered(sound(1), 2))
    path.transport.close()
    path.transport.report()
    assert await path.acknowledged() == []


async def test_a_shared_number_that_is_too_short_is_none() -> None:
    path = Path()
    packet = bytearray(numbered(sound(0), 0))
    packet[16] = TRANSPORT_CC << 4
    path.transport.receive(bytes(packet))
    path.transport.report()
    assert await path.acknowledged() == []


async def test_what_srtp_refuses_is_counted() -> None:
    path = Path(RefusingSrtp())
    path.transport.receive(sound(0))
    path.transport.receive(b"\x80\xc8" + bytes(30))
    assert path.dropped == {"srtp_refused_packet": 2}


async def test_a_hundred_ssrcs_leave_one_stream() -> None:
    path = Path()
    for ssrc in range(100):
        path.transport.receive(sound(0, ssrc))
    assert path.transport.audio.dropped == {"unknown_ssrc_packet": 99}
    path.transport.report()
    await asyncio.sleep(0)
    assert path.dtls.sent.qsize() == 1


async def test_retransmissions_of_nothing_are_counted() -> None:
    """Of a stream not known yet, of one that does not say what, and of padding: senders probe with that."""
    path = Path()
    path.transport.receive(rtp(RTX, 0, b"\x00\x01\x10abc"))
    path.transport.receive(rtp(VP8, 0, b"\x10\x01"))
    path.transport.receive(rtp(RTX, 1, b"\x00"))
    path.transport.receive(rtp(RTX, 2, b""))
    assert path.dropped == {"malformed_packet": 2, "probe_packet": 1}


async def test_goodbye_counts_when_every_source_has_said_it() -> None:
    path = Path()
    after_ns = time.monotonic_ns() + 60 * 10**9
    assert not path.transport.said_bye(after_ns)
    path.transport.receive(sound(0))
    path.transport.receive(rtp(VP8, 0, b"\x10\x01", ssrc=8))
    path.transport.receive(bytes(RtcpByePacket([7, 99])))
    assert not path.transport.said_bye(after_ns)
    path.transport.receive(bytes(RtcpByePacket([8])))
    assert path.transport.said_bye(after_ns)


async def test_a_sender_report_dates_its_own_stream_only() -> None:
    path = Path()
    path.transport.receive(sound(0))
    other, own = (RtcpSrPacket(ssrc, RtcpSenderInfo(4_000_000_000 << 32, 0, 0, 0)) for ssrc in (8, 7))
    stream = path.transport.audio.source.stream
    assert stream is not None
    path.transport.receive(bytes(other))
    assert stream.clock.captured_ns(1 << 32) == 0
    path.transport.receive(bytes(own))
    assert stream.clock.captured_ns(1 << 32) == (4_000_000_000 - 2_208_988_800) * 10**9


async def test_gaps_are_polled_until_they_are_closed() -> None:
    path = Path()
    for number in (0, 1, 3):
        path.transport.receive(sound(number))
    assert path.transport.audio.waiting
    writes = [await asyncio.wait_for(path.sink.writes.get(), LONGEST_S) for _ in range(3)]
    assert writes == [320, 320, 640]
    assert not path.transport.audio.waiting
    assert path.transport.audio.dropped == {"lost_packet": 1}


async def test_closed_it_takes_nothing() -> None:
    path = Path()
    path.transport.receive(sound(0))
    path.transport.close()
    path.transport.receive(sound(1))
    path.transport.report()
    await asyncio.sleep(0)
    assert path.transport.audio.frames == 1
    assert path.dtls.sent.empty()


async def test_closed_it_sees_to_no_gap_any_more() -> None:
    """A gap in another's sound that is younger has been seen to meanwhile."""
    path, other = Path(), Path()
    for each in (path, other):
        for number in (0, 1, 3):
            each.transport.receive(sound(number))
    path.transport.close()
    path.transport.receive(sound(5))
    assert [await asyncio.wait_for(other.sink.writes.get(), LONGEST_S) for _ in range(3)] == [320, 320, 640]
    assert path.transport.audio.frames == 2
    assert path.transport.audio.waiting


async def test_rtcp_that_nobody_takes_is_bounded() -> None:
    path = Path()
    path.dtls.hold.clear()
    dtls: Any = path.dtls
    sender = RtcpSender(dtls)
    for _ in range(3 * MAX_SENDING):
        sender.send(b"report")
    path.dtls.hold.set()
    for _ in range(MAX_SENDING):
        await asyncio.wait_for(path.dtls.sent.get(), LONGEST_S)
    assert path.dtls.sent.empty()


async def test_another_aiortc_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    check_aiortc()
    monkeypatch.delattr(RTCDtlsTransport, "_send_rtp")
    with pytest.raises(IncompatibleLibrary, match=r"RTCDtlsTransport\._send_rtp"):
        check_aiortc()


@given(
    st.lists(
        st.binary(min_size=12, max_size=60)
        | st.builds(
            rtp,
            st.sampled_from([VP8, RTX, OPUS]),
            st.integers(0, 65_535),
            st.binary(max_size=30),
            st.sampled_from([7, 8]),
        )
        | st.builds(
            lambda kind, count, length, body: bytes([0x80 | count, kind, 0, length]) + body,
            st.sampled_from([200, 201, 202, 203, 205, 206]),
            st.integers(0, 31),
            st.integers(0, 10),
            st.binary(min_size=8, max_size=44),
        ),
        max_size=12,
    )
)
def test_no_packet_however_damaged_gets_beyond_a_counter(datagrams: list[bytes]) -> None:
    async def feed() -> None:
        path = Path()
        for data in datagrams:
            path.transport.receive(data)
        path.transport.close()
        assert path.dropped.total() <= len(datagrams)

    asyncio.run(feed())
