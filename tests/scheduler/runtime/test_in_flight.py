from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import pytest

from argusd.ingest.shm.ring import FrameReader
from argusd.scheduler.core import Moment, whole_frame
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.in_flight import InFlightBatch, StreamItem, frame_moments, landed, sound_moments
from argusd.scheduler.runtime.loaded_model import Clip, Done, Dropped, LoadedVisionModel, Look
from argusd.scheduler.runtime.pending import PendingItem
from argusd.scheduler.sessions.arena_sources import RingRef
from argusd.scheduler.sessions.session_stream import DemandRow, SessionStream, Track

from ..fakes import (
    ALICE,
    ArenaWithTracks,
    FakeEngine,
    FakeStream,
    FakeVision,
    write_frame,
    write_windows,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])


def no_moments(_places: Sequence[int], _now: float) -> list[Moment]:
    return []


def flight_of(rows: int) -> InFlightBatch:
    served = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    return InFlightBatch(served, np.arange(rows), [], no_moments, np.zeros(rows), np.zeros(rows))


def row_of(ref: RingRef) -> DemandRow:
    track = Track(ALICE, ref)
    stream = SessionStream(ALICE, FakeStream("face", {}), {ref.kind: track}, share=0)
    return DemandRow(0, stream, "face_detector", flight_of(1).served, track)


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
    reader = FrameReader(ref.view, ref.row, ref.generation)
    row.read(reader)
    for number in range(3):
        write_frame(ring, number, arrival=100.0 + number, rtp=90_000 * number)
    frame = reader.newest()
    assert frame is not None
    moments = frame_moments([StreamItem(row, 0)], [Look(frame, whole_frame(frame.info))], offset_ns=0)
    write_frame(ring, 3, arrival=103.0, rtp=270_000)
    (at,) = moments([0], 102.25)
    assert at.frame_age_ms == pytest.approx(250.0)
    assert (at.skipped, at.captured_at) == (2, 102.0)


async def test_windows_of_several_arenas_and_a_task_share_a_batch() -> None:
    entries: list[StreamItem | PendingItem] = []
    for arrival in (100.0, 200.0):
        ring, ref = ArenaWithTracks().pcm()
        write_windows(ring, [1, 2], arrival=arrival)
        entries.append(StreamItem(row_of(ref), 0))
    entries.insert(1, PendingItem(1, flight_of(1).served, Clip(np.zeros(512, np.int16), slot=0), share=0))
    moments = sound_moments(entries, np.array([512, 0, 512]), 512, offset_ns=0)
    first, second = moments([0, 2], 200.5)
    assert (first.media_s, second.media_s) == pytest.approx((0.032, 0.032))
    assert (first.captured_at, second.captured_at) == pytest.approx((99.968, 199.968), abs=1e-6)
    assert (first.frame_age_ms, second.frame_age_ms) == pytest.approx((100_500.0, 500.0))
    assert moments([2], 200.5) == [second]
