"""What is told of a track's reception, by packets and frames at given moments."""

from collections import Counter
from typing import Any

from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from argusd.benchmarks.peers.clips import opus_clip, video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ipc.messages import Reception, TrackCounters
from argusd.ingest.rtp.packets import RtpPacket
from argusd.ingest.rtp.reception import ReceptionMeter
from argusd.ingest.rtp.sync_source import SILENCE_NS, SyncSource

SECOND = 10**9
MS = 10**6


class Track:
    """A receiver whose packets and frames come from the test."""

    def __init__(self, size: tuple[int, int] | None = (640, 480)) -> None:
        self.source = SyncSource(90_000)
        self.codec, self.size, self.frames = "vp8", size, 0
        self.dropped: Counter[str] = Counter()

    def arrive(self, numbers: list[int], now_ns: int, ssrc: int = 5) -> None:
        """Packets of 125 bytes, at intervals of their timestamps."""
        for number in numbers:
            packet = RtpPacket(96, True, number, 3000 * number, ssrc, bytes(125))
            stream = self.source.admit(ssrc, now_ns)
            assert stream is not None
            stream.count(*stream.extend(packet), now_ns)


def read(meter: ReceptionMeter, track: Track, now_ns: int, round_trip_s: float | None = None) -> Reception:
    reception = meter.read(track, round_trip_s, now_ns)
    assert reception is not None
    return reception


def test_all_of_it_is_of_the_time_since_the_last_reading() -> None:
    track, meter = Track(), ReceptionMeter(0)
    track.arrive([1, 2, 3, 4], SECOND)
    track.frames = 30
    first = read(meter, track, SECOND)
    assert (first.codec, first.width, first.height) == ("vp8", 640, 480)
    assert (first.frames_per_second, first.bits_per_second, first.loss) == (30.0, 4000, 0.0)
    track.arrive([5, 7, 8], 3 * SECOND)
    track.frames = 60
    second = read(meter, track, 3 * SECOND)
    assert (second.frames_per_second, second.bits_per_second, second.loss) == (15.0, 1500, 0.25)
    third = read(meter, track, 4 * SECOND)
    assert (third.frames_per_second, third.bits_per_second, third.loss) == (0.0, 0, 0.0)


def test_what_came_late_after_all_is_no_negative_loss() -> None:
    track, meter = Track(), ReceptionMeter(0)
    track.arrive([1, 3], 0)
    read(meter, track, SECOND)
    track.arrive([2, 4], SECOND)
    assert read(meter, track, 2 * SECOND).loss == 0.0


def test_another_stream_begins_its_own_count() -> None:
    track, meter = Track(), ReceptionMeter(0)
    track.arrive([1, 2, 3], 0)
    read(meter, track, SECOND)
    track.arrive([900, 902], 2 * SILENCE_NS, ssrc=6)
    reception = read(meter, track, 2 * SILENCE_NS)
    assert reception.loss == round(1 / 3, 4)


def test_the_clock_and_the_way_are_told_when_they_are_known() -> None:
    track, meter = Track(), ReceptionMeter(0)
    track.arrive([1], 0)
    before = read(meter, track, SECOND)
    assert (before.has_clock, before.round_trip_ms) == (False, None)
    stream = track.source.stream
    assert stream is not None
    stream.sender_report(RtcpSrPacket(5, RtcpSenderInfo(4_000_000_000 << 32, 3000, 0, 0)), SECOND)
    after = read(meter, track, 2 * SECOND, round_trip_s=0.0421)
    assert (after.has_clock, after.round_trip_ms) == (True, 42.1)


def test_jitter_is_told_in_milliseconds() -> None:
    track, meter = Track(), ReceptionMeter(0)
    track.arrive([1], 0)
    track.arrive([2], (33 + 16) * MS + MS // 3)
    assert read(meter, track, SECOND).jitter_ms == 1.0


def test_sound_has_no_size_and_no_pictures_a_second() -> None:
    track, meter = Track(size=None), ReceptionMeter(0)
    track.arrive([1], 0)
    reception = read(meter, track, SECOND)
    assert (reception.width, reception.height, reception.frames_per_second) == (None, None, None)


def test_before_the_first_packet_there_is_nothing_to_tell() -> None:
    assert ReceptionMeter(0).read(Track(), None, SECOND) is None


async def test_a_real_peers_tracks_are_told_with_every_report(rig: Any) -> None:
    tracks = [
        PacketTrack("video", video_clip("vp8", 320, 240, 30, gop=15), repeat=30),
        PacketTrack("audio", opus_clip(50), repeat=30),
    ]
    await rig.publish("one", Publisher(tracks))

    def has_clock(counters: TrackCounters) -> bool:
        return counters.reception is not None and counters.reception.has_clock

    video = (await rig.counters("video", has_clock)).reception
    assert (video.codec, video.width, video.height, video.loss) == ("vp8", 320, 240, 0.0)
    assert video.bits_per_second > 0
    audio = (await rig.counters("audio", has_clock)).reception
    assert (audio.codec, audio.width, audio.frames_per_second) == ("opus", None, None)
