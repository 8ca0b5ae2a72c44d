from concurrent.futures import Future

import pytest

from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.loaded_model import Done, Dropped
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.in_flight import landed

from ..fakes import FakeEngine, FakeVision

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])


@pytest.fixture
def loaded() -> LoadedVisionModel:
    return LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)


def failed(error: Exception) -> "Future[Done]":
    future: Future[Done] = Future()
    future.set_exception(error)
    return future


def test_what_the_executor_brought_back_is_passed_on(loaded: LoadedVisionModel) -> None:
    future: Future[Done] = Future()
    future.set_result(Done([1, 2], 0.5))
    assert landed(loaded, 2, future) == Done([1, 2], 0.5)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutOfMemory("no room"), "out_of_memory"),
        (DeviceLost("gone"), "device_lost"),
        (InferenceFailed("refused"), "inference_failed"),
        (KeyError("a bug in a model"), "inference_failed"),
    ],
)
def test_a_batch_that_failed_lost_all_its_rows_and_says_why(
    loaded: LoadedVisionModel, error: Exception, reason: str
) -> None:
    assert landed(loaded, 3, failed(error)) == Done([Dropped(reason)] * 3, 0.0, reason)


def test_only_a_lack_of_memory_makes_batches_smaller(loaded: LoadedVisionModel) -> None:
    landed(loaded, 4, failed(InferenceFailed("refused")))
    assert loaded.max_batch == 4
    landed(loaded, 4, failed(OutOfMemory("no room")))
    assert loaded.max_batch == 2
