import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.planning.admission import (
    FRAME_INTERVAL_S,
    ModelLoad,
    fits_more,
    frame_age_p95,
    present,
)
from argusd.scheduler.planning.curve import DISPATCH_S, BatchCurve

TEN_MS = BatchCurve(sizes=[1, 2], seconds=[0.010, 0.020])
CALL_BOUND = BatchCurve(sizes=[1, 64], seconds=[0.001, 0.002])


def test_an_idle_machine_answers_within_the_frame_interval_and_the_batch() -> None:
    assert frame_age_p95([ModelLoad(1.0, TEN_MS)], threads=1) == pytest.approx(
        FRAME_INTERVAL_S + 0.010 + DISPATCH_S
    )


@pytest.mark.parametrize(("threads", "age_s"), [(1, 0.166307), (2, 0.102368)])
def test_the_wait_is_pollaczek_and_khinchines(threads: int, age_s: float) -> None:
    # 40 looks a second meet in 31.25 batches of 21 ms: 65.6 % of a thread. By hand from the formula.
    assert frame_age_p95([ModelLoad(40.0, TEN_MS)], threads) == pytest.approx(age_s, abs=1e-6)


def test_past_the_busiest_nothing_is_promised() -> None:
    assert frame_age_p95([ModelLoad(90.0, TEN_MS)], threads=1) == math.inf
    assert frame_age_p95([ModelLoad(90.0, TEN_MS)], threads=2) < math.inf


def test_sessions_fit_until_the_threads_are_busy() -> None:
    # Ten looks of 10 ms, and 1 ms around every two, take 10.5 % of one; 85 % of two hold 16 such.
    assert fits_more([ModelLoad(0.0, TEN_MS)], [10.0], threads=2, promised_age_s=0.5) == 16
    assert fits_more([ModelLoad(100.0, TEN_MS)], [10.0], threads=2, promised_age_s=0.5) == 6


@pytest.mark.parametrize(
    ("sessions", "rate_scale", "more"),
    [
        pytest.param(0, 1.0, 16, id="idle"),
        pytest.param(10, 1.0, 6, id="busy"),
        pytest.param(17, 0.9, 0, id="more wanted than there is"),
        pytest.param(10, 0.5, 0, id="slower than the curves say"),
        pytest.param(10, 0.8, 6, id="after a burst"),
        pytest.param(0, 0.5, 16, id="idle again, before the rates have recovered"),
    ],
)
def test_it_falls_to_nothing_under_overload_and_comes_back(
    sessions: int, rate_scale: float, more: int
) -> None:
    now = present([10.0 * sessions], [(TEN_MS, 1.0)])
    assert fits_more(now, [10.0], threads=2, promised_age_s=0.5, rate_scale=rate_scale) == more


def test_demand_counts_as_it_is_wanted_not_as_it_is_served() -> None:
    """Lowered rates make no room."""
    now = present([170.0], [(TEN_MS, 1.0)])
    assert fits_more(now, [10.0], threads=2, promised_age_s=0.5) == 0


def test_how_slow_a_model_was_counts_while_somebody_wants_it() -> None:
    models = [(TEN_MS, 1.5), (TEN_MS, 9.0)]
    assert [work.slowdown for work in present([4.0, 0.0], models)] == [1.5, 1.5]
    assert [work.slowdown for work in present([0.0, 0.0], models)] == [1.0, 1.0]
    assert [work.slowdown for work in present([1.0, 1.0], models)] == [1.5, 9.0]


def test_a_tighter_promise_holds_fewer() -> None:
    tight = fits_more([ModelLoad(0.0, TEN_MS)], [10.0], threads=1, promised_age_s=0.090)
    assert 0 < tight < fits_more([ModelLoad(0.0, TEN_MS)], [10.0], threads=1, promised_age_s=0.5)


def test_a_machine_that_runs_slower_than_measured_holds_fewer() -> None:
    assert (
        fits_more([ModelLoad(0.0, TEN_MS, slowdown=2.0)], [10.0], threads=2, promised_age_s=0.5) == 8
    )  # of 21 ms


def test_batches_let_a_call_bound_model_hold_more() -> None:
    singles = BatchCurve(sizes=[1], seconds=[0.001])
    many = fits_more([ModelLoad(0.0, CALL_BOUND)], [31.25], threads=1, promised_age_s=0.5)
    assert many > 5 * fits_more([ModelLoad(0.0, singles)], [31.25], threads=1, promised_age_s=0.5)


def test_there_is_an_end_to_how_many_fit() -> None:
    assert fits_more([ModelLoad(0.0, CALL_BOUND)], [1e-9], threads=1, promised_age_s=0.5) == 10_000


def test_nothing_fits_where_no_model_is_there() -> None:
    assert fits_more([], [], threads=2, promised_age_s=0.5) == 0


@given(
    rate=st.floats(0.1, 50),
    cost=st.floats(0.0001, 0.1),
    busy=st.floats(0, 30),
    threads=st.integers(1, 16),
)
def test_as_many_fit_as_are_said_to_and_not_one_more(
    rate: float, cost: float, busy: float, threads: int
) -> None:
    curve = BatchCurve(sizes=[1], seconds=[cost])
    count = fits_more([ModelLoad(busy, curve)], [rate], threads, promised_age_s=0.5)
    if frame_age_p95([ModelLoad(busy, curve)], threads) <= 0.5:
        assert frame_age_p95([ModelLoad(busy + count * rate, curve)], threads) <= 0.5
    if count < 10_000:
        assert frame_age_p95([ModelLoad(busy + (count + 1) * rate, curve)], threads) > 0.5
