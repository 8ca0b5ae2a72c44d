import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.planning.admission import (
    FRAME_INTERVAL_S,
    Machine,
    ModelLoad,
    fits_more,
    frame_age_p95,
    wait_p95,
)
from argusd.scheduler.planning.curve import LOOP, BatchCurve

TEN_MS = BatchCurve(sizes=[1, 2], seconds=[0.010, 0.020])
CALL_BOUND = BatchCurve(sizes=[1, 64], seconds=[0.001, 0.002])


ONE, TWO = Machine(threads=1), Machine(threads=2)
FREE_LOOP = BatchCurve(sizes=[1], seconds=[1e-9])


def test_an_idle_machine_answers_within_the_frame_interval_and_the_batch() -> None:
    assert frame_age_p95([ModelLoad(1.0, TEN_MS)], ONE) == pytest.approx(
        FRAME_INTERVAL_S + 0.010 + LOOP.cost(1)
    )


def test_the_wait_is_pollaczek_and_khinchines() -> None:
    # 40 a second of 16 ms: 64 % busy, a mean wait of 14.2 ms. By hand from the formula.
    assert wait_p95([(40.0, 0.016)]) == pytest.approx(0.0142222 / 0.64 * math.log(0.64 / 0.05), abs=1e-6)
    assert wait_p95([(1.0, 0.050)]) == 0.0  # one in twenty meets another
    assert wait_p95([(90.0, 0.010)]) == math.inf


def test_past_the_busiest_nothing_is_promised() -> None:
    assert frame_age_p95([ModelLoad(90.0, TEN_MS)], ONE) == math.inf
    assert frame_age_p95([ModelLoad(90.0, TEN_MS)], TWO) < math.inf


def test_sessions_fit_until_the_threads_are_busy() -> None:
    # Ten looks of 10 ms take a tenth of one; 85 % of two hold 17 such.
    assert fits_more([ModelLoad(0.0, TEN_MS)], [10.0], TWO, promised_age_s=0.5) == 17
    assert fits_more([ModelLoad(100.0, TEN_MS)], [10.0], TWO, promised_age_s=0.5) == 7


def test_the_loop_is_a_server_too() -> None:
    """Ten threads would hold 85 such sessions; the loop's 5 ms for each look are too much with 18."""
    slow = BatchCurve(sizes=[1], seconds=[0.005])
    work = ModelLoad(0.0, BatchCurve(sizes=[1], seconds=[0.010]), slow)
    assert fits_more([work._replace(loop=FREE_LOOP)], [10.0], Machine(10), promised_age_s=0.5) == 85
    assert fits_more([work], [10.0], Machine(10), promised_age_s=0.5) == 17


def test_threads_and_loop_share_the_cores_that_others_leave() -> None:
    work = [ModelLoad(0.0, BatchCurve(sizes=[1], seconds=[0.010]), FREE_LOOP)]
    assert fits_more(work, [10.0], Machine(2, cores=2.1), promised_age_s=0.5) == 17
    assert fits_more(work, [10.0], Machine(2, cores=1.0), promised_age_s=0.5) == 8
    assert fits_more(work, [10.0], Machine(2, cores=0.0), promised_age_s=0.5) == 0
    # Ten looks and what is received for them: 0.1 / 0.85 + 0.03 of a core.
    assert fits_more(work, [10.0], Machine(2, cores=2.0, beside=0.03), promised_age_s=0.5) == 13


@pytest.mark.parametrize(
    ("sessions", "rate_scale", "more"),
    [
        pytest.param(0, 1.0, 17, id="idle"),
        pytest.param(10, 1.0, 7, id="busy"),
        pytest.param(18, 0.9, 0, id="more wanted than there is"),
        pytest.param(10, 0.5, 0, id="slower than the curves say"),
        pytest.param(10, 0.8, 7, id="after a burst"),
        pytest.param(0, 0.5, 17, id="idle again, before the rates have recovered"),
    ],
)
def test_it_falls_to_nothing_under_overload_and_comes_back(
    sessions: int, rate_scale: float, more: int
) -> None:
    now = [ModelLoad(10.0 * sessions, TEN_MS)]
    assert fits_more(now, [10.0], TWO, promised_age_s=0.5, rate_scale=rate_scale) == more


def test_a_tighter_promise_holds_fewer() -> None:
    tight = fits_more([ModelLoad(0.0, TEN_MS)], [10.0], ONE, promised_age_s=0.090)
    assert 0 < tight < fits_more([ModelLoad(0.0, TEN_MS)], [10.0], ONE, promised_age_s=0.5)


def test_batches_let_a_call_bound_model_hold_more() -> None:
    singles = BatchCurve(sizes=[1], seconds=[0.001])
    many = fits_more([ModelLoad(0.0, CALL_BOUND)], [31.25], ONE, promised_age_s=0.5)
    assert many > 5 * fits_more([ModelLoad(0.0, singles)], [31.25], ONE, promised_age_s=0.5)


def test_there_is_an_end_to_how_many_fit() -> None:
    assert fits_more([ModelLoad(0.0, CALL_BOUND)], [1e-9], ONE, promised_age_s=0.5) == 10_000


def test_nothing_fits_where_no_model_is_there() -> None:
    assert fits_more([], [], TWO, promised_age_s=0.5) == 0


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
    machine = Machine(threads)
    count = fits_more([ModelLoad(busy, curve)], [rate], machine, promised_age_s=0.5)
    if frame_age_p95([ModelLoad(busy, curve)], machine) <= 0.5:
        assert frame_age_p95([ModelLoad(busy + count * rate, curve)], machine) <= 0.5
    if count < 10_000:
        assert frame_age_p95([ModelLoad(busy + (count + 1) * rate, curve)], machine) > 0.5
