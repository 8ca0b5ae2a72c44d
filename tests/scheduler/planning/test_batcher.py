"""The plan is pure: these tests run without a clock, a device or an ML library."""

from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.planning.batcher import ExecutorState, ModelState, Plan, plan
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.planning.demand import Demand

from ..fakes import calls_of

FLAT = BatchCurve(sizes=[1, 2, 4, 8], seconds=[0.010, 0.012, 0.016, 0.024])  # 8 is the best size, call-bound
LINEAR = BatchCurve(sizes=[1, 2, 4, 8], seconds=[0.010, 0.020, 0.040, 0.080])
ONE_THREAD = ExecutorState(free=1, total=1, shared=False)
TWO_CORES = ExecutorState(free=2, total=2, shared=False)


def state(curve: BatchCurve = FLAT, max_batch: int = 0) -> ModelState:
    return ModelState(curve, max_batch or curve.max_batch, curve.call_bound)


def demand_of(sessions: int, *, model: int = 0, period: float = 0.25, arrival: float = 10.0) -> Demand:
    demand = Demand()
    for _ in range(sessions):
        session = demand.shares.join(1.0)
        row = demand.add_stream(session, model, period=period, max_age=1.0, due=10.0)
        demand.arrival[row] = arrival
    return demand


def rows_of(planned: Plan) -> list[int]:
    return [int(row) for batch in planned.batches for row in batch.rows]


def test_an_idle_thread_takes_whatever_is_ready() -> None:
    planned = plan(10.0, demand_of(3), [state()], ONE_THREAD)
    assert [(batch.model, list(batch.rows), batch.closing) for batch in planned.batches] == [
        (0, [0, 1, 2], "idle")
    ]
    assert list(planned.waiting) == []


def test_a_batch_is_never_larger_than_the_curve_makes_worthwhile() -> None:
    planned = plan(10.0, demand_of(11), [state()], ONE_THREAD)
    assert len(planned.batches[0].rows) == 8
    assert planned.batches[0].closing == "full"
    assert len(planned.waiting) == 3


def test_cores_share_the_rows_of_a_model_that_gains_nothing_from_batches() -> None:
    planned = plan(10.0, demand_of(2), [state(LINEAR, 4)], TWO_CORES)
    assert [list(batch.rows) for batch in planned.batches] == [[0], [1]]


@pytest.mark.parametrize(("free", "wake_at"), [(1, 10.0), (0, inf)])
def test_while_no_thread_is_free_a_batch_that_comes_back_says_when_to_plan_again(
    free: int, wake_at: float
) -> None:
    demand = demand_of(1, arrival=inf)
    assert plan(9.0, demand, [state()], ExecutorState(free, 1, shared=False)).wake_at == wake_at


@pytest.mark.parametrize(("free", "sizes"), [(1, [4]), (2, [2, 2]), (3, [2, 1, 1])])
def test_the_free_cores_alone_share_the_rows(free: int, sizes: list[int]) -> None:
    planned = plan(10.0, demand_of(4), [state(LINEAR, 8)], ExecutorState(free=free, total=4, shared=False))
    assert [len(batch.rows) for batch in planned.batches] == sizes


@pytest.mark.parametrize(
    ("sessions", "curve", "sizes"),
    [
        pytest.param(20, FLAT, [8, 8], id="a full one waits for the thread"),
        pytest.param(12, FLAT, [8], id="what is not full stays open for others"),
        pytest.param(20, LINEAR, [8], id="a long one would keep others waiting"),
    ],
)
def test_a_batch_may_wait_where_a_thread_is_a_core(
    sessions: int, curve: BatchCurve, sizes: list[int]
) -> None:
    executor = ONE_THREAD._replace(spare=1)
    planned = plan(10.0, demand_of(sessions), [state(curve, max_batch=8)], executor)
    assert [len(batch.rows) for batch in planned.batches] == sizes
    assert len(planned.waiting) == sessions - sum(sizes)


@pytest.mark.parametrize(("sessions", "sizes"), [(3, []), (4, [4]), (8, [8])])
def test_a_patient_model_half_fills_its_next_batch_although_a_thread_is_free(
    sessions: int, sizes: list[int]
) -> None:
    busy = state()._replace(patient=True, in_flight=1)
    planned = plan(10.0, demand_of(sessions), [busy], ONE_THREAD)
    assert [len(batch.rows) for batch in planned.batches] == sizes
    assert planned.wake_at == inf, "the batch at work wakes the planner when it comes back"


@pytest.mark.parametrize(("sessions", "sizes"), [(2, [2]), (8, [8]), (11, [8]), (16, [8, 8]), (17, [8, 8])])
def test_a_patient_model_keeps_what_does_not_fill_a_second_batch_together(
    sessions: int, sizes: list[int]
) -> None:
    planned = plan(10.0, demand_of(sessions), [state()._replace(patient=True)], TWO_CORES)
    assert [len(batch.rows) for batch in planned.batches] == sizes
    assert len(planned.waiting) == sessions - sum(sizes)


def test_a_row_that_is_not_due_waits_and_says_when() -> None:
    planned = plan(9.9, demand_of(1, arrival=9.8), [state()], ONE_THREAD)
    assert planned.batches == []
    assert planned.wake_at == 10.0


@pytest.mark.parametrize(("age", "served"), [(0.99, 1), (1.01, 0)])
def test_a_stale_frame_is_not_served(age: float, served: int) -> None:
    assert len(rows_of(plan(11.0, demand_of(1, arrival=11.0 - age), [state()], ONE_THREAD))) == served


def test_a_busy_device_holds_a_batch_open_until_its_deadline_minus_the_measured_cost() -> None:
    device = ExecutorState(free=1, total=2, shared=True)
    demand = demand_of(2)  # due at 10.0, deadline 10.25, two rows cost 12 ms
    held = plan(10.0, demand, [state()], device)
    assert held.batches == []
    assert held.wake_at == pytest.approx(10.238)
    assert list(held.waiting) == [0, 1]
    assert [batch.closing for batch in plan(10.239, demand, [state()], device).batches] == ["deadline"]


def test_a_busy_device_takes_a_full_batch_at_once() -> None:
    device = ExecutorState(free=1, total=2, shared=True)
    assert [batch.closing for batch in plan(10.0, demand_of(8), [state()], device).batches] == ["full"]


def test_a_device_that_got_a_batch_is_idle_no_more() -> None:
    planned = plan(10.0, demand_of(10), [state()], ExecutorState(free=2, total=2, shared=True))
    assert [len(batch.rows) for batch in planned.batches] == [8]
    assert len(planned.waiting) == 2


def test_the_earliest_deadline_goes_first_among_equal_shares() -> None:
    demand = Demand()
    for period in (1.0, 0.1, 0.5):
        row = demand.add_stream(demand.shares.join(1.0), 0, period=period, max_age=1.0, due=10.0)
        demand.arrival[row] = 10.0
    planned = plan(10.0, demand, [state(FLAT, 2)], ONE_THREAD)
    assert list(planned.batches[0].rows) == [1, 2]


def test_priority_goes_before_everything() -> None:
    demand = demand_of(3)
    demand.priority[2] = 1
    demand.deadline[2] = 99.0
    planned = plan(10.0, demand, [state(FLAT, 1)], ONE_THREAD)
    assert list(planned.batches[0].rows) == [2]


def test_a_task_joins_the_batch_of_the_streams() -> None:
    demand = demand_of(2)
    task = demand.add_once(demand.shares.join(1.0), 0, arrival=10.0, deadline=12.0)
    assert sorted(rows_of(plan(10.0, demand, [state()], ONE_THREAD))) == [0, 1, task]


def test_a_task_past_its_deadline_is_never_served() -> None:
    demand = Demand()
    demand.add_once(demand.shares.join(1.0), 0, arrival=10.0, deadline=12.0)
    assert rows_of(plan(11.9, demand, [state()], ONE_THREAD)) == [0]
    assert rows_of(plan(12.0, demand, [state()], ONE_THREAD)) == []


def test_planning_for_a_thousand_sessions_takes_as_many_steps_as_for_ten() -> None:
    def steps(sessions: int) -> int:
        demand = demand_of(sessions)
        return calls_of(lambda: plan(10.0, demand, [state()], ONE_THREAD))

    assert steps(1000) == steps(10)


LONG = state(BatchCurve(sizes=[1], seconds=[0.080]))._replace(long=True)
LONG_AT_WORK = ExecutorState(free=2, total=2, shared=False, long=2)


def two_models(short: int, long: int, *, arrival: float = 10.0) -> Demand:
    """Rows of model 0, and of model 1."""
    demand = demand_of(short, arrival=arrival)
    for _ in range(long):
        row = demand.add_stream(demand.shares.join(1.0), 1, period=1.0, max_age=1.0, due=10.0)
        demand.arrival[row] = arrival
    return demand


def test_a_short_batch_begins_beside_a_long_one_and_a_long_one_waits() -> None:
    planned = plan(10.0, two_models(1, 1), [state(), LONG], LONG_AT_WORK)
    assert [(batch.model, list(batch.rows)) for batch in planned.batches] == [(0, [0])]
    assert list(planned.waiting) == [1]


def test_long_batches_have_threads_of_their_own_and_none_waits_in_front_of_them() -> None:
    planned = plan(10.0, two_models(0, 3), [state(), LONG], ExecutorState(0, 2, shared=False, spare=2))
    assert [list(batch.rows) for batch in planned.batches] == [[0], [1]]


def test_one_long_batch_of_a_task_waits_so_that_no_core_does() -> None:
    demand = Demand()
    for number in range(4):
        demand.add_once(demand.shares.join(1.0), 0, arrival=10.0, deadline=12.0 + number)
    assert rows_of(plan(10.0, demand, [LONG], ExecutorState(2, 2, shared=False))) == [0, 1, 2]
    assert rows_of(plan(10.0, demand, [LONG], LONG_AT_WORK)) == [0]
    assert rows_of(plan(10.0, demand, [LONG], LONG_AT_WORK._replace(long=3))) == []


def test_none_waits_before_a_long_one_of_a_stream_whose_turn_it_is() -> None:
    demand = two_models(0, 1)
    demand.add_once(demand.shares.join(1.0), 2, arrival=10.0, deadline=12.0)
    demand.shares.charge(demand.share[[1]], 1.0)
    models = [state(), LONG, LONG]
    assert rows_of(plan(10.0, demand, models, LONG_AT_WORK)) == []
    assert rows_of(plan(10.0, demand, models, LONG_AT_WORK._replace(long=1))) == [0, 1]


def test_frames_that_are_too_old_for_the_promise_go_last() -> None:
    demand = demand_of(2, arrival=9.8)
    demand.arrived(1, 9.9)
    demand.shares.charge(demand.share[[1]], 1.0)
    one = [state(LINEAR, 1)]
    assert rows_of(plan(10.0, demand, one, ONE_THREAD, promised_age_s=0.3)) == [0]
    assert rows_of(plan(10.1, demand, one, ONE_THREAD, promised_age_s=0.3)) == [1]
    assert rows_of(plan(10.1, demand, one, TWO_CORES, promised_age_s=0.3)) == [1, 0], "late, rather than idle"


def test_sound_is_handed_over_although_all_cores_are_busy() -> None:
    busy = ExecutorState(free=0, total=2, shared=False, spare=1)
    assert rows_of(plan(10.0, demand_of(2), [state()], busy)) == []
    assert rows_of(plan(10.0, demand_of(2), [state()._replace(patient=True)], busy)) == [0, 1]


@pytest.mark.parametrize(
    ("quick", "shared", "closing"),
    [
        pytest.param(2, False, ["quick"], id="takes less than handing it over"),
        pytest.param(0, False, [], id="would hold the loop up"),
        pytest.param(2, True, [], id="has to wait for the device"),
    ],
)
def test_what_is_quick_needs_no_thread(quick: int, shared: bool, closing: list[str]) -> None:
    none_left = ExecutorState(free=0, total=2, shared=shared)
    sound = state()._replace(patient=True, quick=quick)
    planned = plan(10.0, demand_of(2), [sound], none_left)
    assert [batch.closing for batch in planned.batches] == closing


@pytest.mark.parametrize(("free", "closings"), [(0, ["quick", "quick", "quick"]), (1, ["full"])])
def test_sound_that_is_not_quick_in_one_batch_is_in_several_while_no_thread_is_free(
    free: int, closings: list[str]
) -> None:
    sound = state()._replace(patient=True, quick=4)
    threads = ExecutorState(free=free, total=2, shared=False, spare=2)
    planned = plan(10.0, demand_of(10), [sound._replace(max_batch=10)], threads)
    assert [batch.closing for batch in planned.batches] == closings
    assert len(rows_of(planned)) == 10


def test_what_is_quick_takes_no_thread_from_others() -> None:
    demand = demand_of(1)
    row = demand.add_stream(demand.shares.join(1.0), 1, period=0.25, max_age=1.0, due=10.0)
    demand.arrival[row] = 10.0
    sound = state()._replace(patient=True, quick=1)
    planned = plan(10.0, demand, [state(), sound], ONE_THREAD)
    assert [batch.closing for batch in planned.batches] == ["idle", "quick"]


def test_among_equals_the_row_that_waited_the_longest_for_its_rate_goes_first() -> None:
    demand = Demand()
    for period, came in ((1.0, 9.9), (0.1, 9.95)):
        row = demand.add_stream(demand.shares.join(1.0), 0, period=period, max_age=1.0, due=9.0)
        demand.arrival[row] = came
    demand.mark_ready(9.95)
    assert rows_of(plan(10.0, demand, [state(LINEAR, 1)], ONE_THREAD)) == [1]


row_strategy = st.fixed_dictionaries(
    {
        "session": st.integers(0, 5),
        "model": st.integers(0, 2),
        "due": st.floats(9.0, 11.0),
        "age": st.floats(0.0, 2.0) | st.just(-np.inf),
        "period": st.sampled_from([0.032, 0.125, 1.0]),
        "once": st.booleans(),
        "busy": st.booleans(),
        "priority": st.integers(0, 1),
    }
)


@given(
    rows=st.lists(row_strategy, max_size=60),
    free=st.integers(0, 3),
    max_batch=st.integers(1, 8),
    shared=st.booleans(),
)
def test_every_plan_keeps_the_rules(
    rows: list[dict[str, Any]], free: int, max_batch: int, shared: bool
) -> None:
    now, demand = 10.0, Demand()
    sessions = [demand.shares.join(1.0) for _ in range(6)]
    for row in rows:
        session, arrival = sessions[row["session"]], now - row["age"]
        if row["once"] and np.isfinite(arrival):
            index = demand.add_once(session, row["model"], arrival=arrival, deadline=row["due"])
        else:
            index = demand.add_stream(
                session, row["model"], period=row["period"], max_age=1.0, due=row["due"]
            )
            demand.arrival[index] = arrival
        demand.busy[index], demand.priority[index] = row["busy"], row["priority"]
    states = [state(LINEAR, max_batch)] * 3
    planned = plan(now, demand, states, ExecutorState(free, 3, shared))

    served, ready = rows_of(planned), set(demand.ready(now).tolist())
    assert len(served) == len(set(served)), "a row is in one batch at most"
    assert set(served) <= ready, "nothing busy, stale, late or not due is served"
    assert set(served) | set(planned.waiting.tolist()) == ready, "what is ready is served or waits"
    assert len(planned.batches) <= free
    for batch in planned.batches:
        assert 0 < len(batch.rows) <= max_batch
        assert set(demand.model[batch.rows]) == {batch.model}
    for model in range(3):
        waits = any(demand.model[row] == model for row in planned.waiting)
        if waits and not shared:
            assert len(planned.batches) == free, "no thread stays idle while rows wait for it"


@settings(deadline=None)
@given(
    sessions=st.integers(2, 30),
    max_batch=st.integers(1, 4),
    phases=st.randoms(use_true_random=False),
)
def test_under_twice_the_load_equal_sessions_are_served_equally(
    sessions: int, max_batch: int, phases: Any
) -> None:
    demand, now, served = Demand(), 0.0, np.zeros(sessions)
    period = sessions * LINEAR.item_cost / 2
    for _ in range(sessions):
        demand.add_stream(
            demand.shares.join(1.0), 0, period=period, max_age=1.0, due=phases.uniform(0, period)
        )
    for _ in range(40 * sessions):
        demand.arrival[:sessions] = now
        planned = plan(now, demand, [state(LINEAR, max_batch)], ONE_THREAD)
        for batch in planned.batches:
            demand.dispatch(batch.rows, now, seconds=LINEAR.item_cost)
            served[batch.rows] += 1
            now += LINEAR.cost(len(batch.rows))
        demand.settle(planned.waiting)
        for batch in planned.batches:
            demand.release(batch.rows)
        if not planned.batches:
            now = planned.wake_at
    assert served.max() <= 1.2 * served.min()


def test_a_session_of_twice_the_weight_is_served_twice_as_often_under_overload() -> None:
    demand, served = Demand(), np.zeros(2)
    for weight in (1.0, 2.0):
        demand.add_stream(demand.shares.join(weight), 0, period=0.001, max_age=1.0, due=0.0)
    for step in range(300):
        now = step * 0.010
        demand.arrival[:2] = now
        planned = plan(now, demand, [state(LINEAR, 1)], ONE_THREAD)
        rows = planned.batches[0].rows
        demand.dispatch(rows, now, seconds=0.010)
        demand.settle(planned.waiting)
        demand.release(rows)
        served[rows] += 1
    assert served[1] / served[0] == pytest.approx(2.0, rel=0.02)


def test_a_session_that_was_away_does_not_push_the_others_aside_when_it_returns() -> None:
    demand, served = Demand(), np.zeros(2)
    for _ in range(2):
        demand.add_stream(demand.shares.join(1.0), 0, period=0.001, max_age=1.0, due=0.0)
    for step in range(400):
        now = step * 0.010
        demand.arrival[0] = now
        demand.arrival[1] = now if step >= 200 else np.inf
        planned = plan(now, demand, [state(LINEAR, 1)], ONE_THREAD)
        rows = planned.batches[0].rows
        demand.dispatch(rows, now, seconds=0.010)
        demand.settle(planned.waiting)
        demand.release(rows)
        served[rows] += step >= 200
    assert abs(served[0] - served[1]) <= 2
