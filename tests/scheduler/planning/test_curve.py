import pytest

from argusd.scheduler.planning.curve import BatchCurve


def test_cost_lies_on_the_line_between_measurements() -> None:
    curve = BatchCurve(sizes=[1, 2, 4], seconds=[0.010, 0.012, 0.020])
    assert curve.cost(1) == pytest.approx(0.010)
    assert curve.cost(3) == pytest.approx(0.016)
    assert curve.cost(8) == pytest.approx(0.040)  # beyond the last: in proportion


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
