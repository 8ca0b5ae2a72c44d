"""Which items of a batch are lost when it cannot be run."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.isolation import MOST_RUNS, NOT_RUN, isolated
from argusd.scheduler.loaded.loaded_model import Done, Dropped
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve

from ..fakes import WHAT_IT_SAW, FakeEngine, FakeVision

CURVE = BatchCurve(sizes=[1, 64], seconds=[0.010, 0.012])
TO_BLAME = Dropped("inference_failed", to_blame=True)
LOST = Dropped("inference_failed")


class Loaded(LoadedVisionModel):
    """Doubles numbers; raises for some."""

    def __init__(self, *bad: int, error: Exception | None = None) -> None:
        super().__init__(FakeVision(), FakeEngine(), CURVE)
        self.bad = frozenset(bad)
        self.error = error or ValueError(WHAT_IT_SAW)
        self.runs: list[list[int]] = []

    def infer(self, items: Sequence[Any]) -> Done:
        self.runs.append(list(items))
        if self.bad & frozenset(items):
            raise self.error
        return Done([2 * item for item in items], 0.5)


def outputs(loaded: Loaded, count: int) -> Sequence[object]:
    return isolated(loaded, range(count)).outputs


def test_a_batch_that_runs_is_run_once() -> None:
    loaded = Loaded()
    ticks = iter((7.0, 7.25))
    loaded.clock = lambda: next(ticks)
    assert isolated(loaded, range(4)) == Done([0, 2, 4, 6], 0.5, cost=0.25)
    assert loaded.runs == [[0, 1, 2, 3]]


@pytest.mark.parametrize("count", [2, 3, 8, 64])
def test_one_that_is_to_blame_is_found_by_halves(count: int) -> None:
    for bad in range(count):
        loaded = Loaded(bad)
        assert outputs(loaded, count) == [TO_BLAME if n == bad else 2 * n for n in range(count)]
        assert len(loaded.runs) <= 1 + 2 * np.ceil(np.log2(count))


@pytest.mark.parametrize("bad", [(0, 7), (3, 4), (1, 2, 5)])
def test_several_that_are_to_blame_are_all_found(bad: tuple[int, ...]) -> None:
    assert outputs(Loaded(*bad), 8) == [TO_BLAME if n in bad else 2 * n for n in range(8)]


def test_an_item_that_is_alone_is_to_blame() -> None:
    loaded = Loaded(0)
    assert outputs(loaded, 1) == [TO_BLAME]
    assert loaded.runs == [[0]]


def test_how_often_a_batch_is_run_again_is_bounded() -> None:
    loaded = Loaded(*range(64))
    found = outputs(loaded, 64)
    assert len(loaded.runs) == 1 + MOST_RUNS
    assert set(found) == {TO_BLAME, NOT_RUN}


def test_nobody_is_to_blame_where_the_model_does_not_run_at_all() -> None:
    loaded = Loaded(3)
    loaded.engine.fail = InferenceFailed("nothing runs")  # type: ignore[attr-defined]
    assert isolated(loaded, range(8)) == Done([LOST] * 8, 0.0, "inference_failed")
    assert len(loaded.runs) == 1


@pytest.mark.parametrize("error", [OutOfMemory("no room"), DeviceLost("gone")])
@pytest.mark.parametrize("count", [1, 8])
def test_a_lack_of_memory_and_a_lost_device_are_passed_on(error: Exception, count: int) -> None:
    loaded = Loaded(0, error=error)
    with pytest.raises(type(error)):
        outputs(loaded, count)
    assert len(loaded.runs) == 1


def test_what_an_error_quotes_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    outputs(Loaded(0), 2)
    assert "ValueError" in caplog.text
    assert WHAT_IT_SAW not in caplog.text
