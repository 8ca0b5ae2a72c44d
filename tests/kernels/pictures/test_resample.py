"""Halving and sampling; ``test_crop.py`` holds what comes of both against the oracle."""

import numpy as np
import pytest

from argusd.kernels.pictures.picture import Square, affine
from argusd.kernels.pictures.resample import Cut, Margins, halved, halvings, margins_of, touched


@pytest.mark.parametrize(
    ("side", "times"), [(50, 0), (100, 0), (199, 0), (200, 1), (399, 1), (400, 2), (1700, 4)]
)
def test_a_picture_is_halved_while_it_is_twice_as_dense_however_it_is_turned(side: float, times: int) -> None:
    for angle in (0.0, 0.4, 2.5):
        assert halvings(affine(Square(10, 20, side, angle), 100)) == times


def test_halving_twice_is_the_mean_over_four_by_four() -> None:
    pixels = np.repeat(np.repeat(np.array([[10, 200], [30, 77]], np.uint8), 4, axis=0), 4, axis=1)
    np.testing.assert_array_equal(halved(pixels, 2), [[10, 200], [30, 77]])


def test_what_is_touched_is_the_square_and_a_block_around_it_within_the_picture() -> None:
    matrix = affine(Square(50, 40, 20), 20)
    assert touched(matrix, 20, (100, 100), 2) == Cut(38, 28, 64, 54)
    assert touched(matrix, 20, (45, 61), 2) == Cut(38, 28, 60, 44)  # the last odd row and column are left out
    assert touched(affine(Square(500, 40, 20), 20), 20, (100, 100), 2).empty


@pytest.mark.parametrize(
    ("square", "margins"),
    [
        pytest.param(Square(320, 180, 640), Margins(42, 42, 0, 0), id="a whole frame"),
        pytest.param(Square(320, 180, 640, 0.01), None, id="turned"),
        pytest.param(Square(321, 180, 640), None, id="between the pixels"),
        pytest.param(Square(320, 180, 320), None, id="part of the frame"),
    ],
)
def test_only_a_frame_that_fits_whole_pixels_has_margins(square: Square, margins: Margins | None) -> None:
    assert margins_of((360, 640), affine(square, 192), 192) == margins
