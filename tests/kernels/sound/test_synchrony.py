"""Signals that are moved against each other give back by how much."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels.sound.synchrony import best_lag, lagged_correlation

LAGS, SAMPLES = 15, 125
WAVES = 41

seeds = st.integers(0, 2**32 - 1)
shifts = st.floats(-13, 13)


def moved_pair(seed: int, shift: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A smooth random signal, and the same later by ``shift`` samples, which begins ``LAGS`` earlier.

    Speeds are spread evenly: a few that come together would make it repeat itself, and so fit elsewhere.
    """
    random = np.random.default_rng(seed)
    waves = random.uniform(0.5, 1.0, WAVES), np.linspace(0.2, 1.2, WAVES), random.uniform(0, 7, WAVES)

    def signal(times: NDArray[np.floating]) -> NDArray[np.float64]:
        heights, speeds, phases = waves
        return np.asarray((heights * np.sin(speeds * times[:, None] + phases)).sum(axis=1), np.float64)

    return signal(np.arange(SAMPLES) * 1.0), signal(np.arange(-LAGS, SAMPLES + LAGS) - shift)


@given(seeds, shifts)
def test_a_shift_is_found_to_a_fraction_of_a_sample(seed: int, shift: float) -> None:
    seen, heard = moved_pair(seed, shift)
    likeness = lagged_correlation(seen[None], np.ones((1, SAMPLES)), heard[None])
    assert best_lag(likeness)[0] == pytest.approx(shift, abs=0.1)
    assert likeness.max() > 0.85, "half-way between two samples a quick signal is less alike"


@given(seeds, shifts, st.floats(0.1, 50), st.floats(-100, 100))
def test_neither_loudness_nor_offset_matter(seed: int, shift: float, gain: float, level: float) -> None:
    seen, heard = moved_pair(seed, shift)
    plain = lagged_correlation(seen[None], np.ones((1, SAMPLES)), heard[None])
    other = lagged_correlation(gain * seen[None], np.ones((1, SAMPLES)), gain * heard[None] + level)
    np.testing.assert_allclose(other, plain, atol=1e-5)


@given(seeds, shifts, st.integers(0, 80), st.integers(1, 40))
def test_what_was_not_seen_does_not_count(seed: int, shift: float, start: int, length: int) -> None:
    seen, heard = moved_pair(seed, shift)
    weight = np.ones((1, SAMPLES))
    weight[0, start : start + length] = 0
    blind = seen.copy()
    blind[start : start + length] = 1e6
    expected = lagged_correlation(seen[None], weight, heard[None])
    np.testing.assert_allclose(lagged_correlation(blind[None], weight, heard[None]), expected, atol=1e-7)


@settings(max_examples=30)
@given(seeds)
def test_it_is_pearsons_coefficient_of_every_lag(seed: int) -> None:
    random = np.random.default_rng(seed)
    seen, heard = random.normal(size=(3, SAMPLES)), random.normal(size=(3, SAMPLES + 2 * LAGS))
    found = lagged_correlation(seen, np.ones_like(seen), heard)
    for row in range(3):
        for lag in range(2 * LAGS + 1):
            expected = np.corrcoef(seen[row], heard[row, lag : lag + SAMPLES])[0, 1]
            assert found[row, lag] == pytest.approx(expected, abs=1e-9)


def test_what_does_not_change_agrees_with_nothing() -> None:
    flat, noise = np.full((1, SAMPLES), 3.0), np.random.default_rng(1).normal(size=(1, SAMPLES + 2 * LAGS))
    assert not lagged_correlation(flat, np.ones_like(flat), noise).any()
    assert not lagged_correlation(flat, np.zeros_like(flat), noise).any()


def test_at_the_edge_the_lag_is_the_edges() -> None:
    rising = np.linspace(0, 1, 2 * LAGS + 1)
    assert best_lag(np.stack([rising, rising[::-1]])).tolist() == [LAGS, -LAGS]
