"""Which channels count, and how much."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.scheduler.tasks.sound import mix

A, B = np.array([1.0, 1, -1, -1]) * 1000, np.array([1.0, -1, 1, -1]) * 1000  # unrelated


def weighed(*blocks: list[NDArray[np.float64]]) -> list[list[float]]:
    channels = [np.stack(block) for block in blocks]
    weights = mix.weights(np.stack([block @ block.T for block in channels]))
    return [list(map(float, row)) for row in weights]


def test_like_channels_have_like_shares() -> None:
    assert weighed([A, A]) == [[0.5, 0.5]]


def test_one_person_a_channel_keeps_both_all_along() -> None:
    assert weighed([A, B], [A, 0 * B], [0 * A, B]) == [[0.5, 0.5]] * 3


def test_a_channel_of_opposite_sign_is_turned_over() -> None:
    assert weighed([A, -A]) in ([[0.5, -0.5]], [[-0.5, 0.5]])
    assert weighed([A, -0.3 * A]) == [[0.5, -0.5]]


def test_a_voice_that_is_opposed_only_for_a_while_is_kept() -> None:
    first, second, third = weighed([A, A], [A, -A], [A, A])
    assert first == third == [0.5, 0.5]
    assert abs(second[0] - second[1]) == 1.0


def test_signs_do_not_flip_back_and_forth_with_the_loudest_channel() -> None:
    signs = [np.sign(row) for row in weighed([A, -0.9 * A], [0.9 * A, -A], [A, -0.9 * A])]
    np.testing.assert_array_equal(signs[0], signs[1])
    np.testing.assert_array_equal(signs[0], signs[2])


@pytest.mark.parametrize("rest", [0 * A, 0.005 * B])
def test_a_dead_channel_does_not_halve_the_other(rest: NDArray[np.float64]) -> None:
    assert weighed([A, rest]) == [[1.0, 0.0]]


def test_a_voice_that_speaks_once_is_no_dead_channel() -> None:
    assert weighed(*([[A, 0 * B]] * 50), [A, B])[0] == [0.5, 0.5]


def test_what_cancels_all_the_same_leaves_the_loudest() -> None:
    others = [
        sign * 0.77 * B - A / 6 for sign in (1, -1) * 3
    ]  # each hardly like the first, together its opposite
    assert weighed([A, *others]) == [[1.0] + [0.0] * 6]


def test_silence_is_mixed_like_anything_else() -> None:
    assert weighed([0 * A, 0 * A]) == [[0.5, 0.5]]


def test_weights_change_smoothly() -> None:
    block = np.full((2, 2 * mix.RAMP), [[1000], [-1000]], np.int16)
    before, now = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    sound = mix.mixed(block, before, now)
    assert sound[0] == 1000
    assert sound[mix.RAMP // 2] == 0
    assert list(sound[mix.RAMP :]) == [-1000] * mix.RAMP
    assert np.abs(np.diff(sound)).max() <= 13


def test_nothing_wraps_around() -> None:
    block = np.full((2, 10), 32_767, np.int16)
    assert mix.mixed(block, np.ones(2), np.ones(2)).max() == 32_767


@given(
    st.lists(st.lists(st.integers(-32768, 32767), min_size=6, max_size=6), min_size=2, max_size=8),
)
def test_no_mix_is_much_weaker_than_its_loudest_channel_alone(rows: list[list[int]]) -> None:
    channels = np.array(rows, np.float64)
    covariance = channels @ channels.T
    mixed = mix.weights(covariance[None])[0] @ channels
    loudest = float(np.diagonal(covariance).max())
    assert mixed @ mixed >= 0.9 * mix.CANCELLED * loudest / len(channels) ** 2
