"""Pictures that are sent again for want of new ones, and others that are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.peers.clips import Scene
from argusd.ingest.decoding.picture import picture_planes
from argusd.ingest.decoding.repeats import SLOW_NS, RepeatDetector

SECOND_NS = 1_000_000_000


def luma(index: int, size: tuple[int, int] = (320, 240)) -> NDArray[np.uint8]:
    """A camera's picture: somebody sways and breathes, and there is noise."""
    return picture_planes(Scene(*size).picture(index))[0].copy()


def sharper(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The same, coded anew: nothing is off by more than 4 levels."""
    noise = np.random.default_rng(seed).integers(-4, 5, picture.shape)
    coded: NDArray[np.uint8] = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return coded


def test_a_picture_that_comes_again_after_a_second_is_a_repeat_each_time() -> None:
    detector, picture = RepeatDetector(), luma(0)
    assert not detector.is_repeat(picture, SECOND_NS)
    assert all(detector.is_repeat(sharper(picture, second), second * SECOND_NS) for second in range(2, 8))


def test_a_size_that_grows_meanwhile_changes_nothing() -> None:
    detector, picture = RepeatDetector(), np.full((240, 320), 90, np.uint8)
    assert not detector.is_repeat(picture, SECOND_NS)
    assert detector.is_repeat(np.full((360, 480), 91, np.uint8), 2 * SECOND_NS)


@pytest.mark.parametrize("apart", [30, 45, 60])
def test_a_camera_of_one_picture_a_second_repeats_none(apart: int) -> None:
    detector = RepeatDetector()
    assert not any(detector.is_repeat(luma(turn * apart), turn * SECOND_NS) for turn in range(1, 6))


def test_a_picture_that_changes_slowly_is_new_once_enough_has_changed() -> None:
    detector = RepeatDetector()
    shades = [np.full((240, 320), 100 + 3 * turn, np.uint8) for turn in range(1, 9)]
    repeats = [detector.is_repeat(shade, turn * SECOND_NS) for turn, shade in enumerate(shades, 1)]
    assert repeats == [False, True, True, False, True, True, False, True]


@given(st.lists(st.integers(0, SLOW_NS - 1), max_size=20))
def test_what_comes_at_a_cameras_pace_is_no_repeat_however_alike(waits: list[int]) -> None:
    detector, picture, now_ns = RepeatDetector(), np.zeros((240, 320), np.uint8), SECOND_NS
    for wait_ns in [0, *waits]:
        now_ns += wait_ns
        assert not detector.is_repeat(picture, now_ns)


@given(st.tuples(st.integers(1, 200), st.integers(1, 200)))
def test_a_picture_of_any_size_can_be_compared(size: tuple[int, int]) -> None:
    detector, picture = RepeatDetector(), np.zeros(size, np.uint8)
    assert [detector.is_repeat(picture, turn * SECOND_NS) for turn in (1, 2)] == [False, True]
