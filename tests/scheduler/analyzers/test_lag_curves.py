"""What comparisons add up to, with chance made by a generator."""

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.analyzers.lag_curves import KEPT_S, LagCurves
from argusd.scheduler.models.lips.mouth_correlation import LIKENESS, SETTLED
from argusd.scheduler.models.outputs import LagCurve

CHANCE = 0.113  # how a coefficient of one window spreads


def curve(likeness: NDArray[np.float64]) -> LagCurve:
    return LagCurve(likeness, LIKENESS, SETTLED, lasts_s=1.0)


def hill(lag: int, height: float) -> NDArray[np.float64]:
    return np.asarray(height * np.exp(-(((np.arange(-15, 16) - lag) / 2) ** 2)), np.float64)


@pytest.mark.parametrize("lag", [-10, 0, 7])
def test_what_a_mouth_says_stands_out_of_chance_in_time(lag: int) -> None:
    random, curves = np.random.default_rng(3), LagCurves()
    for second in range(60):
        curves.take(curve(hill(lag, 0.25) + random.normal(0, CHANCE, 31)), second, 1.0)
    assert curves.known
    assert curves.found is not None
    assert curves.found.offset_ms == pytest.approx(40 * lag, abs=40)


def test_chance_never_does() -> None:
    random = np.random.default_rng(4)
    for _ in range(20):
        curves = LagCurves()
        for second in range(60):
            curves.take(curve(random.normal(0, CHANCE, 31)), second, 1.0)
            assert not curves.known


def test_a_change_is_noticed_as_soon_as_the_newest_seconds_tell() -> None:
    curves = LagCurves()
    for second in range(60):
        curves.take(curve(hill(0, 0.6)), second, 1.0)
    for second in range(60, 66):
        curves.take(curve(hill(10, 0.6)), second, 1.0)
    assert curves.found is not None
    assert curves.found.offset_ms == pytest.approx(400, abs=20)


def test_what_lies_long_back_is_forgotten() -> None:
    curves = LagCurves()
    for second in range(20):
        curves.take(curve(hill(0, 0.2)), second, 1.0)
    assert curves.known
    curves.take(curve(hill(0, 0.2)), 20 + KEPT_S, 1.0)
    assert not curves.known
