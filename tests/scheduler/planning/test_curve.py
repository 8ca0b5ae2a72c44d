import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.planning.curve import BatchCurve, first_curve, fit

SIZES = [1, 2, 4, 8, 16, 32, 64]
times = st.floats(1e-5, 10.0)
curves = st.lists(times, min_size=1, max_size=len(SIZES)).map(
    lambda seconds: first_curve(SIZES[: len(seconds)], seconds)
)


def test_cost_lies_on_the_line_between_measurements() -> None:
    curve = BatchCurve(sizes=[1, 2, 4], seconds=[0.010, 0.012, 0.020])
    assert curve.cost(1) == pytest.approx(0.010)
    assert curve.cost(3) == pytest.approx(0.016)
    assert curve.cost(8) == pytest.approx(
        0.020 + 4 * 0.010 / 3
    )  # beyond the last: along the line through all


@pytest.mark.parametrize(
    ("seconds", "max_batch"),
    [
        ([0.100, 0.200, 0.400], 1),  # nothing gained: one at a time has the best latency
        ([0.003, 0.006, 0.012], 4),  # what a batch costs besides counts as well where items are cheap
        ([0.010, 0.012, 0.016], 4),
        ([0.1000, 0.1000, 0.1960], 2),  # 4 is better, by less than 5 %
    ],
)
def test_max_batch_is_the_smallest_near_the_best_throughput(seconds: list[float], max_batch: int) -> None:
    assert BatchCurve(sizes=[1, 2, 4], seconds=seconds).max_batch == max_batch


def test_a_model_is_call_bound_when_its_batch_is_much_cheaper_than_its_items() -> None:
    assert BatchCurve(sizes=[1, 8], seconds=[0.1, 0.2]).call_bound
    assert BatchCurve(sizes=[1, 8], seconds=[0.1, 0.5]).call_bound  # an item costs 1.6 times less
    assert not BatchCurve(sizes=[1, 8], seconds=[0.1, 0.6]).call_bound  # 1.3 times


@given(st.lists(times, min_size=1, max_size=len(SIZES)))
def test_the_line_neither_falls_nor_begins_below_nothing(seconds: list[float]) -> None:
    line = fit(SIZES[: len(seconds)], seconds)
    assert line.call >= 0
    assert line.item >= 0
    assert line.cost(1) > 0


@given(call=st.floats(0, 0.1), item=st.floats(1e-5, 0.1), at=st.integers(0, 6), times_=st.floats(0.1, 50))
def test_one_point_far_off_does_not_move_the_line(call: float, item: float, at: int, times_: float) -> None:
    seconds = [call + item * size for size in SIZES]
    seconds[at] *= times_
    line = fit(SIZES, seconds)
    assert line.item == pytest.approx(item, rel=1e-6)
    assert line.call == pytest.approx(call, abs=1e-6)


@given(curves)
def test_a_larger_batch_never_costs_less(curve: BatchCurve) -> None:
    costs = [curve.cost(batch) for batch in range(1, 200)]
    assert costs == sorted(costs)
    assert costs[0] > 0


def test_of_a_first_measurement_what_was_held_up_is_not_believed() -> None:
    """Whatever else ran has only added: to less than a larger batch took, or about what the line says."""
    assert first_curve([1, 2, 4], [0.020, 0.012, 0.016]).seconds == [0.012, 0.012, 0.016]
    held_up = [0.002, 0.003, 0.005, 0.009, 0.017, 0.200]
    assert first_curve(SIZES[:6], held_up).seconds == pytest.approx([*held_up[:5], 2 * 0.033])


@given(curves, st.integers(1, 64), times)
def test_what_a_batch_took_draws_the_curve_towards_it(curve: BatchCurve, rows: int, taken: float) -> None:
    before = curve.cost(rows)
    after = curve.refreshed(rows, taken)
    assert after.seconds == sorted(after.seconds)
    if rows <= curve.sizes[-1]:
        assert min(before, taken) * 0.999 <= after.cost(rows) <= max(before, taken) * 1.001


@settings(max_examples=20)
@given(curves, st.sampled_from(SIZES), times)
def test_in_the_end_the_curve_says_what_batches_take(curve: BatchCurve, rows: int, taken: float) -> None:
    for _ in range(60):
        curve = curve.refreshed(rows, taken, batches=10)
        if rows > curve.sizes[-1]:
            return
    assert curve.cost(rows) == pytest.approx(taken, rel=0.01)


def test_a_batch_that_was_held_up_says_little() -> None:
    curve = BatchCurve([1, 2, 4], [0.010, 0.012, 0.020])
    assert curve.refreshed(2, 60.0).cost(2) == pytest.approx(0.012 * 2**0.1)


def test_other_sizes_follow_by_half_as_much_for_each_doubling() -> None:
    curve = BatchCurve([1, 2, 4], [0.010, 0.014, 0.024]).refreshed(1, 0.005, batches=1000)
    assert curve.seconds == pytest.approx([0.005, 0.014 * 0.5**0.5, 0.024 * 0.5**0.25])


def test_a_batch_of_twice_the_largest_size_becomes_a_point() -> None:
    curve = BatchCurve([1, 2], [0.010, 0.012]).refreshed(4, 0.016)
    assert curve == BatchCurve([1, 2, 4], [0.010, 0.012, 0.016])


@pytest.mark.parametrize(("seconds", "size"), [(0.0009, 0), (0.001, 1), (0.0039, 2), (1.0, 4)])
def test_the_largest_size_that_takes_no_longer(seconds: float, size: int) -> None:
    assert BatchCurve([1, 2, 4], [0.001, 0.002, 0.004]).most_within(seconds) == size
