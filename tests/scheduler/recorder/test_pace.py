"""Work that is spread over time."""

import time
from collections.abc import Callable

import pytest

from argusd.scheduler.recorder import pace
from argusd.scheduler.recorder.pace import MACHINE, REST_S, Pace, a_share_of_the_machine


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has this thread used so many seconds of a core."""
    used_s = 0.0
    monkeypatch.setattr(time, "thread_time", lambda: used_s)

    def work(seconds: float) -> None:
        nonlocal used_s
        used_s += seconds

    return work


def test_who_may_have_a_quarter_rests_three_times_as_long(works: Callable[[float], None]) -> None:
    pace = Pace(0.25)
    works(0.02)
    assert pace.rest_s() == pytest.approx(0.06)
    assert pace.rest_s() == 0.0


def test_rests_that_no_timer_can_tell_are_saved_up(works: Callable[[float], None]) -> None:
    pace, rests = Pace(0.5), []
    for _ in range(100):
        works(0.4 * REST_S)
        rests.append(pace.rest_s())
    assert [rest > 0 for rest in rests[:6]] == [False, False, True] * 2
    assert sum(rests) == pytest.approx(40 * REST_S, abs=REST_S)


def test_who_may_have_all_of_a_core_never_rests(works: Callable[[float], None]) -> None:
    pace = Pace(1.0)
    works(10.0)
    assert pace.rest_s() == 0.0


@pytest.mark.parametrize(("cores", "share"), [(0.5, MACHINE / 2), (2, 2 * MACHINE), (64, 1.0)])
def test_a_large_machine_has_a_whole_core_to_spare(
    monkeypatch: pytest.MonkeyPatch, cores: float, share: float
) -> None:
    monkeypatch.setattr(pace, "allowed_cores", lambda: cores)
    assert a_share_of_the_machine() == share
