"""A video track under loss, overload and misbehaviour: scripted packets, injected time, no network."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.benchmarks.peers.clips import VideoName, video_clip
from argusd.benchmarks.peers.packetizer import Packetizer
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.codecs.h264 import inspect
from argusd.ingest.decoding.decoder import DecodeJob
from argusd.ingest.decoding.opening import open_decoder
from argusd.ingest.decoding.picture_limit import PictureLimit
from argusd.ingest.decoding.scale_down import FIRST_BPS
from argusd.ingest.rtp.gate import MAX_BACKLOG, KeyframeGate
from argusd.ingest.rtp.jitter import RETRY_NS
from argusd.ingest.rtp.packets import RtpPacket
from argusd.ingest.shm.frame import FrameFlag
from argusd.ingest.video import KEYFRAME_INTERVAL_NS, PATIENCE_NS, VideoReceiver
from argusd.scheduler.contract.media import UPRIGHT, Orientation

FRAME_NS = 33_333_333


class Decoder:
    """Takes the place of VideoDecoder: keeps what it is given; ``backlog`` is set by the test."""

    def __init__(self) -> None:
        self.works: list[DecodeJob] = []
        self.backlog = 0
        self.frames = 0
        self.dropped: Counter[str] = Counter()

    def submit(self, work: DecodeJob) -> None:
        self.works.append(work)

    def clear(self) -> int:
        cleared, self.backlog = self.backlog, 0
        return cleared

    restart = clear


class Feedback:
    """Takes the place of Feedback: keeps what would be sent."""

    def __init__(self) -> None:
        self.keyframes = 0
        self.bitrates: list[int] = []
        self.requested: list[list[int]] = []

    def request_keyframe(self, media_ssrc: int) -> None:
        self.keyframes += 1

    def limit_bitrate(self, bits_per_second: int, ssrcs: list[int]) -> None:
        self.bitrates.append(bits_per_second)

    def request_packets(self, media_ssrc: int, numbers: list[int]) -> None:
        self.requested.append([number & 0xFFFF for number in numbers])


def packetizer(codec: VideoName) -> Callable[[bytes], list[bytes]]:
    """Cuts frames into payloads: aiortc's, or FFmpeg's for the codecs that aiortc does not send."""
    if codec == "vp9" or codec == "av1":
        return Packetizer(codec).payloads
    encoder = Vp8Encoder() if codec == "vp8" else H264Encoder()

    def pack(frame: bytes) -> list[bytes]:
        packet = av.Packet(frame)
        packet.pts, packet.time_base = 0, Fraction(1, 90_000)
        return encoder.pack(packet)[0]

    return pack


class Line:
    """A clip in packets, and the receiver they go to. Times follow the frame numbers."""

    def __init__(
        self,
        codec: VideoName = "vp8",
        count: int = 40,
        gop: int = 20,
        size: tuple[int, int] = (320, 240),
        ssrc: int = 1,
    ) -> None:
        self.codec = VIDEO_CODECS[codec]
        self.decoder, self.feedback = Decoder(), Feedback()
        made: Any = (self.decoder, KeyframeGate(PictureLimit(1920 * 1088, 1920)), self.feedback, None)
        self.receiver = VideoReceiver(*made)
        self.out_of_band = b""
        self.clip = video_clip(codec, *size, count, gop=gop)
        self.packets: list[list[RtpPacket]] = []
        pack = packetizer(codec)
        number = 65_500  # wraps within the clip
        for index, data in enumerate(self.clip):
            payloads = pack(data)
            self.packets.append(
                [
                    RtpPacket(
                        96, part == len(payloads) - 1, number + part & 0xFFFF, 3000 * index, ssrc, payload
                    )
                    for part, payload in enumerate(payloads)
                ]
            )
            number += len(payloads)

    def send(self, packet: RtpPacket, now_ns: int, *, retransmitted: bool = False) -> None:
        stream = self.receiver.source.admit(packet.ssrc, now_ns)
        assert stream is not None
        self.receiver.receive(
            stream, packet, self.codec, now_ns, retransmitted=retransmitted, out_of_band=self.out_of_band
        )
        if self.receiver.waiting:
            self.receiver.poll(now_ns)

    def play(self, first: int, last: int, lost: frozenset[tuple[int, int]] = frozenset()) -> None:
        """Send frames ``[first, last)`` but for the (frame, part) pairs in ``lost``; poll before each."""
        for frame in range(first, last):
            now_ns = frame * FRAME_NS
            self.receiver.poll(now_ns)
            for part, packet in enumerate(self.packets[frame]):
                if (frame, part) not in lost:
                    self.send(packet, now_ns)

    def bitstream(self, frame: int) -> bytes:
        """What the decoder must get of a frame."""
        return self.codec.join([self.codec.depayload(packet.payload).data for packet in self.packets[frame]])

    def decoded(self) -> list[int]:
        """Numbers of the frames that went to the decoder."""
        return [work.rtp_timestamp % 2**32 // 3000 for work in self.decoder.works]


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_every_frame_goes_to_the_decoder_with_its_last_packet(codec: VideoName) -> None:
    line = Line(codec)
    for frame in range(40):
        line.play(frame, frame + 1)
        assert line.decoded() == list(range(frame + 1))
    assert [work.data for work in line.decoder.works] == [line.bitstream(frame) for frame in range(40)]
    assert all(work.flags == FrameFlag.NONE for work in line.decoder.works)
    assert not line.receiver.dropped
    assert line.feedback.keyframes == 0


def test_a_lost_packet_is_asked_for_and_its_retransmission_loses_nothing() -> None:
    line = Line()
    line.play(0, 10, lost=frozenset({(5, 0)}))
    assert line.decoded() == [0, 1, 2, 3, 4]
    lost = line.packets[5][0]
    assert line.feedback.requested[0] == [lost.sequence_number]
    noticed = 5 if len(line.packets[5]) > 1 else 6
    assert FRAME_NS < RETRY_NS < 2 * FRAME_NS  # so every other poll asks again
    assert len(line.feedback.requested) == 1 + (9 - noticed) // 2
    line.send(lost, 9 * FRAME_NS, retransmitted=True)
    assert line.decoded() == list(range(10))
    assert line.decoder.works[-1].flags == FrameFlag.NONE
    assert not line.receiver.dropped


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_packet_lost_for_good_costs_one_frame_and_marks_the_others_until_a_keyframe(
    codec: VideoName,
) -> None:
    line = Line(codec)
    line.play(0, 40, lost=frozenset({(5, 0)}))
    assert line.decoded() == [*range(5), *range(6, 40)]
    flags = {number: work.flags for number, work in zip(line.decoded(), line.decoder.works, strict=True)}
    assert [number for number, flag in flags.items() if flag == FrameFlag.SUSPECT] == list(range(6, 20))
    assert line.receiver.dropped["lost_packet"] == 1
    assert line.feedback.keyframes >= 1


def test_a_loss_is_given_up_when_the_patience_ends_and_not_before() -> None:
    line = Line()
    line.play(0, 10, lost=frozenset({(5, 0)}))
    noticed_ns = 6 * FRAME_NS if len(line.packets[5]) == 1 else 5 * FRAME_NS
    line.receiver.poll(noticed_ns + PATIENCE_NS - 1)
    assert line.decoded() == [0, 1, 2, 3, 4]
    line.receiver.poll(noticed_ns + PATIENCE_NS)
    assert line.decoded() == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert not line.receiver.waiting


def test_keyframes_are_asked_for_at_most_twice_a_second() -> None:
    line = Line(count=40, gop=1000)
    line.play(1, 40)  # the keyframe never came
    assert line.decoded() == []
    assert line.feedback.keyframes == 1 + 38 * FRAME_NS // KEYFRAME_INTERVAL_NS
    assert line.receiver.dropped["await_keyframe"] == 39


def test_an_overloaded_decoder_is_cleared_and_goes_on_with_a_keyframe() -> None:
    line = Line()
    line.play(0, 10)
    line.decoder.backlog = MAX_BACKLOG
    line.play(10, 25)
    assert line.decoded() == [*range(10), *range(20, 25)]
    assert line.receiver.dropped == {"overload": MAX_BACKLOG + 1, "await_keyframe": 9}
    assert line.feedback.keyframes == 1


def test_a_failed_decoder_gets_nothing_but_a_keyframe() -> None:
    line = Line()
    line.play(0, 10)
    line.receiver.decoder_failed()
    line.play(10, 22)
    assert line.decoded() == [*range(10), 20, 21]


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_track_that_nobody_wants_is_followed_and_not_decoded_until_somebody_does(codec: VideoName) -> None:
    line = Line(codec)
    line.play(0, 10)
    line.receiver.want(False, 10 * FRAME_NS)
    line.play(10, 15)
    assert line.decoded() == list(range(10))
    assert (line.receiver.dropped, line.receiver.arrived) == ({"unwanted": 5}, 5)
    assert line.feedback.keyframes == 0
    line.receiver.want(True, 15 * FRAME_NS)
    assert line.feedback.keyframes == 1
    line.play(15, 25)
    assert line.decoded() == [*range(10), *range(20, 25)]
    assert line.receiver.dropped == {"unwanted": 5, "await_keyframe": 5}
    assert all(work.flags == FrameFlag.NONE for work in line.decoder.works)


def test_while_nobody_wants_a_track_nothing_is_asked_of_its_sender() -> None:
    line = Line()
    line.receiver.want(False, 0)
    line.play(1, 30, lost=frozenset({(5, 0)}))
    assert line.receiver.dropped == {"unwanted": 28, "lost_packet": 1}
    assert (line.feedback.keyframes, line.feedback.requested) == (0, [])


def test_what_waits_for_the_decoder_when_nobody_wants_it_any_more_is_dropped() -> None:
    line = Line()
    line.play(0, 2)
    line.decoder.backlog = 3
    line.receiver.want(False, 2 * FRAME_NS)
    line.receiver.want(False, 2 * FRAME_NS)
    assert (line.decoder.backlog, line.receiver.dropped) == (0, {"unwanted": 3})


def test_padding_within_the_numbers_delays_nothing_and_never_reaches_the_decoder() -> None:
    line = Line()
    line.play(0, 2)
    last = line.packets[1][-1]
    padding = RtpPacket(96, False, last.sequence_number + 1 & 0xFFFF, last.timestamp + 100, 1, b"")
    line.send(padding, 2 * FRAME_NS)
    shifted = line.packets[2][0]._replace(sequence_number=last.sequence_number + 2 & 0xFFFF, marker=True)
    line.send(shifted, 2 * FRAME_NS)
    assert line.decoded() == [0, 1, 2]
    assert line.receiver.dropped == {"padding_packet": 1}


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_pictures_that_are_too_large_never_reach_the_decoder(codec: VideoName) -> None:
    line = Line(codec)
    small: Any = (line.decoder, KeyframeGate(PictureLimit(160 * 120, 160)), line.feedback, None)
    line.receiver = VideoReceiver(*small)
    line.play(0, 40)
    assert line.decoded() == []
    assert line.receiver.dropped == {"frame_too_large": 40}
    assert (line.feedback.bitrates, line.feedback.keyframes) == ([FIRST_BPS], 1)


def test_pictures_without_room_in_shared_memory_are_asked_for_smaller() -> None:
    line = Line()
    line.play(0, 5)
    assert line.feedback.bitrates == []
    line.decoder.dropped["arena_full"] = 1
    line.play(5, 10)
    assert line.feedback.bitrates == [FIRST_BPS]


def test_another_stream_starts_from_its_own_keyframe() -> None:
    line = Line()
    line.play(0, 10)
    for frame in range(15, 25):
        for packet in line.packets[frame]:
            line.send(packet._replace(ssrc=2, sequence_number=packet.sequence_number ^ 0x4000), 10**11)
    assert line.decoded() == [*range(10), *range(20, 25)]


def without_parameter_sets(line: Line) -> bytes:
    """Take the parameter sets out of a line's packets; returns them as they would be told out of band."""
    sets = b""
    for frame in line.packets:
        kept = []
        for packet in frame:
            data = line.codec.depayload(packet.payload).data
            if data[4] & 0x1F in (7, 8) and len(frame) > 1:  # a STAP-A of both, or each alone
                sets = sets or data
            else:
                kept.append(packet)
        frame[:] = kept
    number = 0
    for frame in line.packets:
        for index, packet in enumerate(frame):
            frame[index] = packet._replace(sequence_number=number)
            number += 1
    return sets


def test_parameter_sets_of_the_offer_come_before_keyframes_that_lack_them() -> None:
    line = Line("h264")
    whole = line.bitstream(0)
    line.out_of_band = without_parameter_sets(line)
    line.play(0, 40)
    assert line.decoded() == list(range(40))
    assert [n for n, work in enumerate(line.decoder.works) if work.data.startswith(line.out_of_band)] == [
        0,
        20,
    ]
    context = open_decoder("h264", 320 * 240)
    assert [len(context.decode(av.Packet(work.data))) for work in line.decoder.works] == [1] * 40
    assert inspect(line.decoder.works[0].data).size == inspect(whole).size == (320, 240)


def test_parameter_sets_that_come_alone_at_another_time_go_before_their_keyframe() -> None:
    line = Line("h264")
    sets = without_parameter_sets(line)
    line.out_of_band = b"\x00\x00\x00\x01\x67stale"
    units = [unit for unit in sets.split(b"\x00\x00\x00\x01") if unit]
    for before, unit in zip(range(-len(units), 0), units, strict=True):
        line.send(RtpPacket(96, True, before % 2**16, 3000 * before % 2**32, 1, unit), 0)
    line.play(0, 40)
    assert line.decoded() == list(range(40))
    assert not line.receiver.dropped
    context = open_decoder("h264", 320 * 240)
    assert [len(context.decode(av.Packet(work.data))) for work in line.decoder.works] == [1] * 40


def test_parameter_sets_of_the_stream_are_not_replaced_by_those_of_the_offer() -> None:
    line = Line("h264")
    line.out_of_band = b"\x00\x00\x00\x01\x67stale"
    line.play(0, 40)
    assert [work.data for work in line.decoder.works] == [line.bitstream(frame) for frame in range(40)]


def test_the_decoder_hears_of_frames_that_no_other_is_predicted_from() -> None:
    line = Line(count=4)
    for frame in (1, 3):
        last = line.packets[frame][-1]
        line.packets[frame][-1] = last._replace(payload=bytes((last.payload[0] | 0x20,)) + last.payload[1:])
    line.play(0, 4)
    assert [work.discardable for work in line.decoder.works] == [False, True, False, True]


def turned(packet: RtpPacket, orientation: int) -> RtpPacket:
    return packet._replace(extension=bytes((0x50, orientation, 0, 0)))


def test_how_a_frame_is_turned_comes_with_its_last_packet_and_holds_until_told_anew() -> None:
    line = Line(count=6)
    made: Any = (line.decoder, KeyframeGate(PictureLimit(1920 * 1088, 1920)), line.feedback, None, 5)
    line.receiver = VideoReceiver(*made)
    for frame, told in {1: 0x01, 3: 0x0F, 4: 0x00}.items():
        line.packets[frame][-1] = turned(line.packets[frame][-1], told)
    line.play(0, 6)
    assert [work.orientation for work in line.decoder.works] == [
        UPRIGHT,
        Orientation(1),
        Orientation(1),
        Orientation(3, mirrored=True),
        UPRIGHT,
        UPRIGHT,
    ]


def test_how_a_frame_is_turned_is_nothing_to_a_peer_that_did_not_agree_on_it() -> None:
    line = Line(count=2)
    line.packets[0][-1] = turned(line.packets[0][-1], 1)
    line.play(0, 2)
    assert [work.orientation for work in line.decoder.works] == [UPRIGHT, UPRIGHT]


def test_damaged_payloads_and_keyframes_are_counted() -> None:
    line = Line(count=3)
    line.send(RtpPacket(96, True, 65_499, 0, 1, b"\x80"), 0)
    line.send(RtpPacket(96, True, 65_500, 3000, 1, b"\x10\x00\x00"), 0)
    assert line.receiver.dropped == {"damaged_packet": 1, "padding_packet": 1, "damaged_frame": 1}
    assert line.feedback.keyframes == 1


@settings(max_examples=60)
@given(
    codec=st.sampled_from(sorted(VIDEO_CODECS)),
    lost=st.frozensets(st.tuples(st.integers(0, 39), st.integers(0, 3)), max_size=30),
)
def test_whatever_is_lost_only_whole_frames_are_decoded_in_order(
    codec: VideoName, lost: frozenset[tuple[int, int]]
) -> None:
    line = Line(codec)
    line.play(0, 40, lost=lost)
    line.receiver.poll(40 * FRAME_NS + PATIENCE_NS)
    assert not line.receiver.waiting
    decoded = line.decoded()
    assert decoded == sorted(set(decoded))
    # An H.264 frame without its leading parameter sets is whole: the decoder has earlier ones, or says so.
    optional = 1 if codec == "h264" else 0
    for number, work in zip(decoded, line.decoder.works, strict=True):
        assert work.data == line.bitstream(number)[-len(work.data) :]
        assert optional or work.data == line.bitstream(number)
    damaged = {frame for frame, part in lost if optional <= part < len(line.packets[frame])}
    assert not damaged & set(decoded)
