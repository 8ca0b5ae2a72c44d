"""The angle of a page's text from the words' quadrilaterals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.models.text.tilt import moved, tilt, turn


def words(degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Three words of different lengths, turned clockwise."""
    upright = [
        [[left, top], [left + width, top], [left + width, top + 20], [left, top + 20]]
        for left, top, width in ((0, 0, 60), (80, 0, 140), (0, 50, 200))
    ]
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(np.array(upright) @ matrix, np.float64)


@given(st.floats(-44, 134))
def test_any_angle_is_found(degrees: float) -> None:
    assert tilt(words(degrees)) == pytest.approx(degrees, abs=1e-6)


def test_upside_down_looks_upright() -> None:
    assert tilt(words(180)) == pytest.approx(0, abs=1e-6)


def test_one_word_askew_does_not_matter() -> None:
    askew = words(30)[:1]
    assert tilt(np.concatenate([askew, words(4)])) == pytest.approx(4, abs=1e-6)


def test_a_page_without_words_is_straight() -> None:
    assert tilt(np.empty((0, 4, 2))) == 0


@given(st.floats(-180, 180))
def test_a_turned_picture_is_whole_and_knows_the_way_back(degrees: float) -> None:
    turned = turn(np.zeros((40, 100, 3), np.uint8), degrees)
    corners = np.array([[0, 0], [100, 0], [100, 40], [0, 40]], np.float64)
    there = moved(corners, turned.there)
    assert there.min() >= -1e-6
    assert (there.max(axis=0) <= np.array(turned.picture.shape[1::-1]) + 1e-6).all()
    assert moved(there, turned.back) == pytest.approx(corners, abs=1e-6)


def test_turning_by_the_tilt_makes_lines_level() -> None:
    turned = turn(np.zeros((300, 300, 3), np.uint8), 17)
    assert tilt(moved(words(17), turned.there)) == pytest.approx(0, abs=1e-6)
