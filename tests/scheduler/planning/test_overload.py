import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.planning.overload import DECREASE, INCREASE, LOWEST, RateControl


def stepped(*pressures: float) -> float:
    """The scale after one step for each pressure."""
    control = RateControl()
    for second, pressure in enumerate(pressures):
        control.observe(pressure)
        control.step(float(second))
    return control.scale


def test_results_in_time_leave_the_rates_alone() -> None:
    assert stepped(0.5, 0.9) == 1.0


def test_late_results_lower_the_rates() -> None:
    assert stepped(1.1) == pytest.approx(DECREASE)
    assert stepped(1.1, 3.0) == pytest.approx(DECREASE**2)


def test_rates_rise_again_when_there_is_room_and_stay_in_between() -> None:
    assert stepped(1.1, 0.1) == pytest.approx(DECREASE + INCREASE)
    assert stepped(1.1, 0.9) == pytest.approx(DECREASE)


def test_a_few_late_results_among_many_are_no_overload() -> None:
    control = RateControl()
    for n in range(100):
        control.observe(9.0 if n < 5 else 0.1)
    control.step(1.0)
    assert control.scale == 1.0


def test_it_acts_every_half_second_at_most() -> None:
    control = RateControl()
    for tick in range(50):
        control.observe(2.0)
        control.step(10.0 + tick / 1000)
    assert control.scale == pytest.approx(DECREASE)


@given(st.lists(st.floats(0, 100), max_size=200))
def test_the_scale_stays_between_its_bounds(pressures: list[float]) -> None:
    assert LOWEST <= stepped(*pressures) <= 1.0


def test_it_recovers_from_the_lowest_scale() -> None:
    assert stepped(*[9.0] * 50, *[0.0] * 50) == 1.0
