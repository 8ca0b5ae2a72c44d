"""Windows of speech parted in two: voices made by a generator, and scipy's linkage as the oracle."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from argusd.scheduler.analyzers.two_voices import (
    LEAST_OF_EACH,
    LEAST_WINDOWS,
    MOST_WINDOWS,
    RecentWindows,
    TwoVoices,
    ward_halves,
)

SIZE = 64


def windows(speaker: int, count: int, alike: float = 0.6, seed: int = 0) -> list[NDArray[np.float32]]:
    """Of a voice that has a cosine of ``alike`` with every other one."""
    random = np.random.default_rng(seed + speaker)
    mean = np.sqrt(alike) * np.eye(SIZE)[0] + np.sqrt(1 - alike) * np.eye(SIZE)[1 + speaker]
    rows = mean + random.normal(0, 0.06, (count, SIZE))
    return list((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))


def heard(said: list[NDArray[np.float32]]) -> TwoVoices | None:
    recent, two = RecentWindows(), None
    for window in said:
        two = recent.take(window)
    return two


@pytest.mark.parametrize("seed", range(5))
def test_the_halves_are_those_of_wards_linkage(seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(30, 8))
    expected = fcluster(linkage(rows, "ward"), 2, "maxclust")
    np.testing.assert_array_equal(ward_halves(rows), expected != expected[0])


def test_two_voices_stand_apart_as_they_are_and_one_does_not() -> None:
    two = heard(windows(0, 12) + windows(1, 8))
    one = heard(windows(0, 20))
    assert two is not None
    assert two.likeness == pytest.approx(0.6, abs=0.05)
    assert one is None or one.likeness > 0.8


def test_the_newest_window_is_a_strangers_or_the_sessions_own() -> None:
    own, other = windows(0, 20), windows(1, 10)
    mean = np.mean(own, axis=0)
    stranger, back = heard(own[:12] + other), heard(own[:12] + other + own[12:14])
    assert stranger is not None
    assert back is not None
    assert stranger.stranger(mean)
    assert not back.stranger(mean)


def test_a_few_windows_are_no_second_voice() -> None:
    assert heard(windows(0, 4) + windows(1, LEAST_WINDOWS - 5)) is None, "too few in all"
    assert heard(windows(0, 20) + windows(1, LEAST_OF_EACH - 1)) is None, "too few of one"


def test_what_was_said_long_ago_does_not_count() -> None:
    two = heard(windows(1, 10) + windows(0, MOST_WINDOWS))
    assert two is None or two.likeness > 0.8


def test_another_models_windows_begin_anew() -> None:
    recent = RecentWindows()
    for window in windows(0, 20):
        recent.take(window)
    assert recent.take(np.ones(8, np.float32)) is None
