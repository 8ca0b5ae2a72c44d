from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import pytest

from argusd.scheduler.core import Moment
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.loaded_model import Done, Dropped
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media.moments import MediaClock
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.in_flight import InFlightBatch, landed

from ..fakes import FakeEngine, FakeVision

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])


def no_moments(_places: Sequence[int], _clocks: Sequence[MediaClock], _now: float) -> list[Moment]:
    return []


def flight_of(rows: int) -> InFlightBatch:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    return InFlightBatch(loaded, np.arange(rows), [], no_moments, np.zeros(rows), np.zeros(rows))


def failed(error: Exception) -> "Future[Done]":
    future: Future[Done] = Future()
    future.set_exception(error)
    return future


def test_what_the_executor_brought_back_is_passed_on() -> None:
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
    assert flight.loaded.max_batch == 4
    landed(flight, failed(OutOfMemory("no room")))
    assert flight.loaded.max_batch == 2
