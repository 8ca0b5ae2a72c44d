"""ORB: the same place is told from another one."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels.errors import BadFeatures
from argusd.kernels.pictures.orb import MOST, Likeness, compare, features, pack, unpack

Pixels = NDArray[np.uint8]


def room(seed: int) -> Pixels:
    """A wall with two hundred things of all colours on it, 640 × 480."""
    random = np.random.default_rng(seed)
    wall = np.full((480, 640, 3), 200, np.uint8)
    for _ in range(200):
        x, y, width, height = random.integers((0, 0, 8, 8), (620, 460, 60, 60))
        colour = random.integers(0, 255, 3).tolist()
        cv2.rectangle(wall, (int(x), int(y)), (int(x + width), int(y + height)), colour, -1)
    return wall


def seen(wall: Pixels, *, shift: float = 0, turn: float = 0, zoom: float = 1) -> Pixels:
    """The same from another direction."""
    matrix = cv2.getRotationMatrix2D((320, 240), turn, zoom)
    matrix[0, 2] += shift
    return np.asarray(cv2.warpAffine(wall, matrix, (640, 480)), np.uint8)


def test_a_picture_is_like_itself() -> None:
    found = features(room(1))
    assert len(found.points) > 500
    assert compare(found, found).similarity > 0.95


@pytest.mark.parametrize("view", [{"shift": 120}, {"turn": 12}, {"zoom": 1.3}, {"shift": -80, "turn": -8}])
def test_the_same_room_from_elsewhere(view: dict[str, float]) -> None:
    likeness = compare(features(room(1)), features(seen(room(1), **view)))
    assert likeness.similarity > 0.25
    assert likeness.inliers > 0.8 * likeness.candidates


def test_another_room() -> None:
    likeness = compare(features(room(1)), features(room(2)))
    assert likeness.similarity < 0.02
    assert likeness.inliers < 20


@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (70, 70), (3, 9000)])
def test_where_there_are_no_corners_nothing_is_alike(shape: tuple[int, int]) -> None:
    plain = features(np.full((*shape, 3), 127, np.uint8))
    assert len(plain.points) == 0
    assert compare(plain, features(room(1))) == Likeness(0, 0, 0.0)


def test_large_pictures_have_the_corners_of_small_ones() -> None:
    large = np.asarray(cv2.resize(room(1), (2560, 1920), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert compare(features(large), features(room(1))).similarity > 0.25


def test_packed_and_unpacked() -> None:
    found = features(room(1))
    packed = pack(found)
    again = unpack(packed)
    assert len(packed) == 40 * len(found.points)
    np.testing.assert_array_equal(again.points, found.points)
    np.testing.assert_array_equal(again.descriptors, found.descriptors)
    assert len(unpack(b"").points) == 0


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_or_harmless(data: bytes) -> None:
    try:
        found = unpack(data)
    except BadFeatures:
        return
    assert len(data) == 40 * len(found.points)
    compare(found, found)


def test_more_corners_than_are_ever_packed_are_refused() -> None:
    with pytest.raises(BadFeatures):
        unpack(bytes(40 * (MOST + 1)))
