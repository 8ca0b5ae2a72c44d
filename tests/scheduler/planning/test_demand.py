import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.planning.demand import NOTHING, Demand, RowKind, Shares


def stream_row(demand: Demand, *, period: float = 0.25, due: float = 10.0) -> int:
    return demand.add_stream(demand.shares.join(1.0), 0, period=period, max_age=1.0, due=due)


def serve(demand: Demand, row: int, now: float, *, continuous: bool = False) -> None:
    """Serve the row what came last, or just now."""
    demand.arrival[row] = min(demand.arrival[row], now)
    demand.dispatch(np.array([row]), now, seconds=0.01, continuous=continuous)
    demand.release(np.array([row]))


def test_a_row_that_waited_for_its_camera_keeps_its_beat() -> None:
    demand = Demand()
    row = stream_row(demand)
    demand.interval[row] = 0.2
    demand.arrival[row] = 10.1
    demand.mark_ready(10.1)
    serve(demand, row, 10.1)
    assert demand.due[row] == pytest.approx(10.25)
    assert demand.deadline[row] == pytest.approx(10.5)


def test_rows_that_had_to_wait_for_a_thread_do_not_meet_again() -> None:
    demand = Demand()
    first, second = stream_row(demand), stream_row(demand)
    demand.arrival[[first, second]] = 9.9, 10.0
    demand.mark_ready(10.0)
    serve(demand, first, 10.0)
    demand.arrival[second] = 10.1  # a newer frame came while it waited
    serve(demand, second, 10.1)
    assert demand.due[[first, second]] == pytest.approx([10.25, 10.35])


def test_missed_periods_are_not_made_up_for() -> None:
    demand = Demand()
    row = stream_row(demand)
    serve(demand, row, 13.0)
    assert demand.due[row] == 13.25


def looks_at(demand: Demand, row: int, arrivals: NDArray[np.float64]) -> list[tuple[float, float]]:
    """When the row is served while there is no other, and when the frame came that it looked at then."""
    looks: list[tuple[float, float]] = []

    def plan(now: float) -> None:
        if len(demand.mark_ready(now)):
            looks.append((now, float(demand.arrival[row])))
            serve(demand, row, now)

    for last, at, following in zip([np.nan, *arrivals], arrivals, arrivals[1:], strict=False):
        if last == last:
            demand.paced(np.array([row]), np.array([at - last]))
        demand.arrived(row, at)
        plan(at)
        if demand.next_due(at) < following:
            plan(demand.next_due(at))
    return looks


RATES = [(10, 10), (30, 30), (1, 1), (7, 15), (10, 25), (2, 30), (5, 30), (24, 25), (15, 30), (60, 15)]


@pytest.mark.parametrize(("wanted", "fps"), RATES)
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.5, 0.8])
def test_a_row_looks_as_often_as_it_wants_and_at_frames_as_they_come(
    wanted: int, fps: int, phase: float
) -> None:
    demand = Demand()
    row = stream_row(demand, period=1 / wanted)
    looks = looks_at(demand, row, 10.0 + (phase + np.arange(20 * fps)) / fps)
    settled = [(at, came) for at, came in looks if at >= 12.0]
    assert len(settled) == pytest.approx(18 * min(wanted, fps), abs=2)
    assert all(at == came for at, came in settled), "no frame waits while nothing else is to do"


@pytest.mark.parametrize(("wanted", "fps"), RATES)
def test_cameras_that_are_not_punctual_are_looked_at_as_often(wanted: int, fps: int) -> None:
    demand = Demand()
    row = stream_row(demand, period=1 / wanted)
    early_or_late = np.random.default_rng(1).uniform(-0.2, 0.2, 20 * fps)
    looks = looks_at(demand, row, 10.0 + (np.arange(20 * fps) + early_or_late) / fps)
    assert len(looks) == pytest.approx(20 * min(wanted, fps), rel=0.03, abs=1)
    assert max(at - came for at, came in looks[fps:]) <= 1 / fps


def test_a_frame_that_came_before_its_time_is_looked_at_when_no_other_comes() -> None:
    demand = Demand()
    row = stream_row(demand, period=1.0, due=10.0)
    demand.interval[row] = 0.2
    demand.arrived(row, 9.8)
    assert demand.next_due(9.8) == pytest.approx(9.9), "a nearer one may come from then on"
    assert demand.waits_for_media(9.95)
    assert demand.next_due(9.95) == pytest.approx(10.1)
    assert demand.ready(10.09).tolist() == []
    assert demand.ready(10.11).tolist() == [row]


def test_a_camera_that_paused_has_its_usual_interval() -> None:
    demand = Demand()
    rows = np.array([stream_row(demand)])
    for interval in [0.1] * 5 + [60.0] + [0.1] * 20:
        demand.paced(rows, np.array([interval]))
    assert demand.interval[rows] == pytest.approx([0.1], rel=0.02)


def test_a_row_of_sound_is_due_as_soon_as_something_comes() -> None:
    demand = Demand()
    row = stream_row(demand, period=0.032)
    serve(demand, row, 10.0, continuous=True)
    demand.arrived(row, 10.001)
    assert demand.ready(10.001).tolist() == [row]


def test_a_row_without_anything_new_waits_for_media() -> None:
    demand = Demand()
    row = stream_row(demand)
    assert not demand.waits_for_media(9.0)
    assert demand.waits_for_media(10.0)
    demand.arrival[row] = 10.0
    assert not demand.waits_for_media(10.0)
    assert demand.waits_for_media(11.5), "what is stale is as good as nothing"


def test_whether_rows_of_some_models_want_something() -> None:
    demand = Demand()
    row = stream_row(demand)
    this, other = np.array([True, False]), np.array([False, True])
    assert demand.wants_any(this)
    assert not demand.wants_any(other)
    assert demand.waits_for_media(11.0, this)
    assert not demand.waits_for_media(11.0, other)
    demand.deactivate(row)
    assert not demand.wants_any(this)


def test_how_long_a_row_waits_counts_from_when_it_could_first_be_served() -> None:
    demand = Demand()
    row = stream_row(demand)
    demand.mark_ready(10.0)
    assert demand.ready_since[row] == NOTHING
    demand.arrival[row] = 10.1
    demand.mark_ready(10.15)
    demand.arrival[row] = 10.2  # a newer frame does not make it wait for less
    demand.mark_ready(10.2)
    assert demand.ready_since[row] == 10.1


def test_rows_are_used_again_and_bring_nothing_with_them() -> None:
    demand = Demand()
    row = stream_row(demand)
    demand.cursor[row], demand.arrival[row] = 99, 10.0
    demand.remove(row)
    assert demand.ready(11.0).tolist() == []
    again = demand.add_stream(0, 1, period=1.0, max_age=1.0, due=0.0)
    assert again == row
    assert (demand.cursor[again], demand.arrival[again], demand.model[again]) == (0, NOTHING, 1)
    assert demand.kind[again] == RowKind.STREAM


def test_a_row_in_a_batch_cannot_be_removed() -> None:
    demand = Demand()
    row = stream_row(demand)
    demand.dispatch(np.array([row]), 10.0, seconds=0.01)
    with pytest.raises(AssertionError):
        demand.remove(row)


def test_columns_grow_and_keep_what_they_hold() -> None:
    demand = Demand()
    rows = [stream_row(demand, due=float(n)) for n in range(100)]
    assert rows == list(range(100))
    assert demand.due[:100].tolist() == list(range(100))


def test_a_session_that_joins_begins_where_the_least_served_stands() -> None:
    shares = Shares()
    first = shares.join(1.0)
    shares.charge(np.array([first]), 5.0)
    shares.settle(waiting=np.array([first]), in_flight=np.array([], np.intp))
    second = shares.join(1.0)
    assert shares.tags(np.array([first, second])).tolist() == [5.0, 5.0]


def test_a_session_is_charged_by_its_weight_for_every_row() -> None:
    shares = Shares()
    light, heavy = shares.join(1.0), shares.join(4.0)
    shares.charge(np.array([light, heavy, heavy]), 2.0)
    assert shares.tags(np.array([light, heavy])).tolist() == [2.0, 1.0]


def test_a_shorter_period_begins_now_and_a_longer_one_with_the_next_service() -> None:
    demand = Demand()
    row = stream_row(demand, period=100.0, due=10.0)
    serve(demand, row, 10.0)
    assert (demand.due[row], demand.deadline[row]) == (110.0, 210.0)
    demand.retime(row, 0.5, now=20.0)
    assert (demand.due[row], demand.deadline[row]) == (20.5, 21.0)
    demand.retime(row, 2.0, now=20.2)
    assert (demand.due[row], demand.deadline[row]) == (20.5, 22.5)
    serve(demand, row, 20.5)
    assert demand.due[row] == 22.5


def test_a_row_that_is_due_already_stays_so_when_its_period_is_shorter() -> None:
    demand = Demand()
    row = stream_row(demand, period=2.0, due=10.0)
    demand.retime(row, 1.0, now=15.0)
    assert (demand.due[row], demand.deadline[row]) == (10.0, 11.0)


def test_a_row_that_is_not_active_is_not_served_and_its_batch_goes_on() -> None:
    demand = Demand()
    row, other = stream_row(demand), stream_row(demand)
    demand.arrived(np.array([row, other]), 10.0)
    demand.dispatch(np.array([row]), 10.0, seconds=0.01)
    demand.deactivate(row)
    assert demand.busy[row]
    demand.release(np.array([row]))
    demand.arrived(row, 11.0)
    assert demand.ready(11.0).tolist() == [other]
    demand.remove(row)


def test_rows_that_lag_behind_are_due_at_once_and_those_that_were_due_stay_so() -> None:
    demand = Demand()
    rows = np.array([stream_row(demand, due=due) for due in (9.0, 20.0, 30.0)])
    demand.hurry(rows[:2], 15.0)
    assert demand.due[rows].tolist() == [9.0, 15.0, 30.0]


def test_a_row_is_read_on_from_where_it_is_told() -> None:
    demand = Demand()
    rows = np.array([stream_row(demand), stream_row(demand)])
    demand.advance(rows, np.array([5, 7]))
    demand.advance(int(rows[0]), 6)
    assert demand.cursor[rows].tolist() == [6, 7]


def test_another_weight_counts_for_the_service_from_then_on() -> None:
    shares = Shares()
    share = shares.join(1.0)
    shares.charge(np.array([share]), 1.0)
    shares.reweigh(share, 4.0)
    shares.charge(np.array([share]), 1.0)
    assert shares.tags(np.array([share])).tolist() == [1.25]


def test_who_comes_begins_where_the_least_served_began_that_waits_or_is_in_flight() -> None:
    shares = Shares()
    first, second, waiting = (shares.join(1.0) for _ in range(3))
    for share, served_s in ((first, 0.2), (second, 0.5), (waiting, 1.0)):
        shares.charge(np.array([share]), served_s)
    shares.charge(np.array([first]), 0.1)  # begun at 0.2
    shares.charge(np.array([second]), 0.1)  # begun at 0.5
    shares.settle(np.array([waiting]), np.array([first, second]))
    assert shares.floor == pytest.approx(0.2)
    assert shares.tag[shares.join(1.0)] == pytest.approx(0.2)


def test_a_share_that_was_given_back_is_the_next_to_be_handed_out_and_owes_nothing() -> None:
    shares = Shares()
    first = shares.join(1.0)
    shares.join(1.0)
    shares.charge(np.array([first]), 5.0)
    shares.leave(first)
    assert shares.join(2.0) == first
    assert (shares.weight[first], shares.tag[first]) == (2.0, 0.0)
