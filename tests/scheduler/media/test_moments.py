import time

import numpy as np
import pytest

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import PcmAnchors
from argusd.scheduler.media.moments import (
    SET_ANEW_NS,
    MediaClock,
    WallClock,
    captured_s,
    frame_moment,
    ring_clock,
    window_moments,
)

from ..fakes import ArenaWithTracks, write_frame

OFFSET_NS = 1_000_000_000_000  # unix time minus monotonic time


def anchors_at(sample: int, *, captured_ns: list[int], arrival_ns: int) -> PcmAnchors:
    columns = ([sample], captured_ns, [arrival_ns], [0])
    return PcmAnchors(*(np.resize(np.array(column, np.int64), len(captured_ns)) for column in columns))


def info(arrival: float, rtp: int, captured_ns: int = 0) -> FrameInfo:
    return FrameInfo(
        width=640,
        height=480,
        format=PixelFormat.I420,
        strides=(640, 320, 320),
        nbytes=0,
        arrival_ns=int(arrival * 1e9),
        rtp_timestamp=rtp,
        captured_ns=captured_ns,
    )


def test_media_time_follows_the_senders_timestamps_not_the_arrivals() -> None:
    clock = MediaClock(90_000)
    assert clock.seconds(1_000_000, 50.0) == 0.0
    assert clock.seconds(1_090_000, 51.7) == pytest.approx(1.0)


def test_media_time_goes_on_when_timestamps_leap() -> None:
    clock = MediaClock(90_000)
    clock.seconds(0, 50.0)
    clock.seconds(180_000, 52.0)
    assert clock.seconds(9_000_000_000, 53.0) == pytest.approx(3.0)
    assert clock.seconds(9_000_090_000, 54.1) == pytest.approx(4.0)


def test_media_time_goes_on_when_timestamps_begin_anew() -> None:
    clock = MediaClock(16_000)
    clock.seconds(0, 50.0)
    clock.seconds(80_000, 55.0)
    assert clock.seconds(0, 55.5) == pytest.approx(5.5)


def test_results_may_come_a_little_out_of_order() -> None:
    clock = MediaClock(90_000)
    clock.seconds(0, 50.0)
    clock.seconds(9_000, 50.1)
    assert clock.seconds(4_500, 50.05) == pytest.approx(0.05)


def test_a_frame_is_dated_by_its_sender_where_a_report_came_and_by_its_arrival_else() -> None:
    dated = frame_moment(info(50.0, 0, captured_ns=7_000_000_000), MediaClock(90_000), 50.2, OFFSET_NS, 3)
    assert dated.captured_at == 7.0
    assert dated.frame_age_ms == pytest.approx(200.0)
    assert (dated.width, dated.height, dated.skipped) == (640, 480, 3)
    assert frame_moment(info(50.0, 0), MediaClock(90_000), 50.2, OFFSET_NS, 0).captured_at == 1050.0


def test_a_window_is_dated_by_its_first_sample_and_aged_by_its_last() -> None:
    clock = MediaClock(16_000)
    clock.seconds(0, 49.0)
    anchors = anchors_at(16_000, captured_ns=[0], arrival_ns=50_000_000_000)
    (moment,) = window_moments(np.array([16_160]), 512, anchors, [clock], 50.1, OFFSET_NS)
    assert moment.media_s == pytest.approx(1.01)
    assert moment.captured_at == pytest.approx(1050.01)
    assert moment.frame_age_ms == pytest.approx(100 - 10 - 32)


def test_the_clock_of_a_track_begins_with_its_first_sample() -> None:
    ring, ref = ArenaWithTracks().pcm()
    for second in range(3):
        ring.write(np.zeros(16_000, np.int16), 0, int((100 + second) * 1e9), 0)
    assert ring_clock(ref).seconds(32_000, 102.0) == pytest.approx(2.0)


def test_the_clock_of_a_track_begins_with_the_first_frame_there_is() -> None:
    ring, ref = ArenaWithTracks().frames()
    write_frame(ring, 1, arrival=100.0, rtp=1_000_000)
    clock = ring_clock(ref)
    write_frame(ring, 1, arrival=101.0, rtp=1_090_000)
    assert clock.seconds(1_090_000, 101.0) == pytest.approx(1.0)


def test_the_clock_of_an_empty_ring_begins_with_what_comes() -> None:
    tracks = ArenaWithTracks()
    assert ring_clock(tracks.frames()[1]).seconds(1_000_000, 100.0) == 0.0
    assert ring_clock(tracks.pcm()[1]).seconds(0, 100.0) == 0.0


def test_a_sample_has_a_time_of_capture_once_the_senders_clock_is_known() -> None:
    ring, ref = ArenaWithTracks().pcm()
    ring.write(np.zeros(1600, np.int16), 0, 5_000_000_000, 0)
    assert captured_s(ref, 800) is None
    ring.write(np.zeros(1600, np.int16), 1_700_000_000_000_000_000, 5_100_000_000, 0)
    assert captured_s(ref, 800) == pytest.approx(1_700_000_000 - 0.05)


def test_a_moment_says_whose_clock_it_is_on() -> None:
    clock = MediaClock(90_000)
    assert frame_moment(info(50.0, 0, captured_ns=5), clock, 50.0, OFFSET_NS, 0).on_sender_clock
    assert not frame_moment(info(50.0, 0), clock, 50.0, OFFSET_NS, 0).on_sender_clock
    anchors = anchors_at(0, captured_ns=[7, 0], arrival_ns=50)
    windows = window_moments(np.zeros(2, np.int64), 512, anchors, [clock, clock], 50.0, OFFSET_NS)
    assert [window.on_sender_clock for window in windows] == [True, False]


def test_what_is_found_follows_a_wall_clock_that_is_set_anew() -> None:
    leap_ns = 0
    wall = WallClock(lambda: time.monotonic_ns() + 10**18 + leap_ns)
    steady = wall.offset_ns()
    assert steady == pytest.approx(10**18, abs=SET_ANEW_NS)
    leap_ns = SET_ANEW_NS // 2
    assert wall.offset_ns() == steady
    for leap_ns in (3600 * 10**9, -3600 * 10**9):
        assert wall.offset_ns() == pytest.approx(10**18 + leap_ns, abs=SET_ANEW_NS)
