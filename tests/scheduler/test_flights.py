from concurrent.futures import Future

import numpy as np
import pytest

from argusd.ingest.ring import FrameReader
from argusd.scheduler.curve import BatchCurve
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.flights import Flight, frame_entry, landed, window_entry
from argusd.scheduler.served import Done, Dropped, ServedVision
from argusd.scheduler.sessions import Row, Track, Watch
from argusd.scheduler.sources import RingRef

from .fakes import ArenaWithTracks, FakeEngine, FakeStream, FakeVision, write_frame, write_windows

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])


def flight_of(rows: int) -> Flight:
    served = ServedVision(FakeVision(), FakeEngine(), CURVE)
    return Flight(served, np.arange(rows), [], np.zeros(rows), np.zeros(rows))


def row_of(ref: RingRef) -> Row:
    track = Track(ref)
    watch = Watch("alice", FakeStream("face", {}), {ref.kind: track}, share=0)
    return Row(0, watch, "face_detector", flight_of(1).served, track)


def failed(error: Exception) -> "Future[Done]":
    future: Future[Done] = Future()
    future.set_exception(error)
    return future


def test_what_the_lane_brought_back_is_passed_on() -> None:
    future: Future[Done] = Future()
    future.set_result(Done([1, 2], 0.5))
    assert landed(flight_of(2), future) == Done([1, 2], 0.5)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutOfMemory("no room"), "out_of_memory"),
        (DeviceLost("gone"), "device_lost"),
        (InferenceFailed("refused"), "inference_failed"),
        (KeyError("a bug in a model"), "inference_failed"),
    ],
)
def test_a_batch_that_failed_lost_all_its_rows_and_says_why(error: Exception, reason: str) -> None:
    assert landed(flight_of(3), failed(error)) == Done([Dropped(reason)] * 3, 0.0, reason)


def test_only_a_lack_of_memory_makes_batches_smaller() -> None:
    flight = flight_of(4)
    landed(flight, failed(InferenceFailed("refused")))
    assert flight.served.max_batch == 4
    landed(flight, failed(OutOfMemory("no room")))
    assert flight.served.max_batch == 2


def test_a_frames_moment_is_fixed_when_it_is_opened_its_age_when_its_output_comes() -> None:
    ring, ref = ArenaWithTracks().frames()
    row = row_of(ref)
    row.reader = FrameReader(ref.view, ref.row, ref.generation)
    for number in range(3):
        write_frame(ring, number, arrival=100.0 + number, rtp=90_000 * number)
    frame = row.reader.newest()
    assert frame is not None
    entry = frame_entry(row, frame.info, offset_ns=0)
    write_frame(ring, 3, arrival=103.0, rtp=270_000)
    at = entry.moment(102.25)
    assert at.frame_age_ms == pytest.approx(250.0)
    assert (at.skipped, at.captured_at) == (2, 102.0)


def test_a_windows_moment_is_that_of_its_first_sample() -> None:
    ring, ref = ArenaWithTracks().pcm()
    write_windows(ring, [1, 2], arrival=100.0)
    at = window_entry(row_of(ref), 512, 512, offset_ns=0).moment(100.5)
    assert at.media_s == pytest.approx(0.032)
    assert at.frame_age_ms == pytest.approx(500.0)
