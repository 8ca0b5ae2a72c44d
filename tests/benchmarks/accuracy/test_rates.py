"""Intervals of shares and rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.accuracy.figures.rates import alarm_rate, share


def test_wilsons_interval_is_that_of_the_textbooks() -> None:
    value, low, high = share(5, 18)
    assert value == pytest.approx(5 / 18)
    assert low == pytest.approx(0.1250, abs=1e-4)
    assert high == pytest.approx(0.5087, abs=1e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert share(0, 0) == (None, 0.0, 1.0)
    assert str(share(0, 0)) == "–"
    assert str(share(10, 11)) == "0.91 (0.62–0.98)"


@given(st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share_and_mirrors(counts: tuple[int, int]) -> None:
    right, of = counts
    value, low, high = share(right, of)
    assert value is not None
    assert 0.0 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 1.0
    mirrored = share(of - right, of)
    assert mirrored.low == pytest.approx(1 - high)
    assert mirrored.high == pytest.approx(1 - low)


@given(st.integers(0, 50), st.integers(1, 20))
def test_ten_times_as_many_are_known_better(right: int, factor: int) -> None:
    few, many = share(right, 50), share(right * 10 * factor, 500 * factor)
    assert many.high - many.low < few.high - few.low


def test_no_alarm_in_three_hours_is_less_than_one_an_hour() -> None:
    an_hour, below = alarm_rate(0, 3.0)
    assert an_hour == 0.0
    assert below == pytest.approx(0.9986, abs=1e-4)  # −ln 0.05 / 3


@given(st.integers(0, 1000), st.floats(0.1, 1000))
def test_the_bound_lies_above_the_rate(alarms: int, hours: float) -> None:
    an_hour, below = alarm_rate(alarms, hours)
    assert an_hour == alarms / hours
    assert below > an_hour
    assert below < alarm_rate(alarms + 1, hours).below
