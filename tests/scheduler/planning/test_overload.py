import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.planning.overload import KEPT, ServedShare


def share_after(*steps: list[tuple[float, float]]) -> float:
    """The scale after steps in which looks had to wait so long, each beside its period."""
    share = ServedShare()
    for second, looks in enumerate(steps):
        waited, period = np.array(looks).reshape(-1, 2).T
        share.observe(waited, period)
        share.step(float(second))
    return share.scale


def test_looks_that_do_not_wait_keep_their_rates() -> None:
    assert share_after([(0.0, 0.2), (0.0, 1.0)]) == 1.0


def test_a_look_that_waits_as_long_as_its_period_comes_half_as_often() -> None:
    assert share_after([(0.2, 0.2)]) == pytest.approx(0.5)


def test_every_look_counts_alike_whatever_its_period() -> None:
    assert share_after([(0.0, 0.2), (1.0, 1.0)]) == pytest.approx(2 / 3)


def test_what_was_is_forgotten_step_by_step() -> None:
    assert share_after([(1.0, 1.0)], [(0.0, 1.0)]) == pytest.approx((KEPT + 1) / (2 * KEPT + 1))
    assert share_after([(1.0, 1.0)], *[[(0.0, 1.0)]] * 20) == pytest.approx(1.0, abs=1e-5)


def test_where_nobody_looks_nothing_is_lowered() -> None:
    share = ServedShare()
    share.step(0.0)
    assert share.scale == 1.0


def test_it_is_brought_up_to_date_every_half_second_at_most() -> None:
    share = ServedShare()
    share.step(10.0)
    share.observe(np.array([1.0]), np.array([1.0]))
    share.step(10.49)
    assert share.scale == 1.0
    share.step(10.5)
    assert share.scale == pytest.approx(0.5)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 100)), max_size=50))
def test_it_is_a_share(looks: list[tuple[float, float]]) -> None:
    assert 0 < share_after(looks) <= 1.0
