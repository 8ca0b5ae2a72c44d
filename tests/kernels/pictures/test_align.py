"""Similarity alignment, against known transformations and a second way to compute it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels.pictures.align import align
from argusd.kernels.pictures.picture import Square

TEMPLATE = np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.5, 0.82]])


def shown(square: Square, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where points 0..1 of the square's crop lie in the picture."""
    cos, sin = np.cos(square.angle), np.sin(square.angle)
    turned = (points - 0.5) @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(square.side * turned + (square.center_x, square.center_y))


@given(
    st.floats(-500, 500),
    st.floats(-500, 500),
    st.floats(10, 1000),
    st.floats(-3.1, 3.1, allow_subnormal=False),
)
def test_a_face_that_is_the_template_moved_is_found_exactly(
    x: float, y: float, side: float, angle: float
) -> None:
    square = Square(x, y, side, angle)
    found = align(shown(square, TEMPLATE), TEMPLATE)
    assert found == pytest.approx(square, abs=1e-6 * max(side, 500))


def test_points_that_do_not_fit_are_fitted_in_the_least_squares_sense() -> None:
    """The oracle solves the same problem as a linear system: points to the template, errors in the crop."""
    rng = np.random.default_rng(7)
    points = 100 * TEMPLATE + rng.normal(scale=5, size=TEMPLATE.shape)
    x, y, one, zero = *points.T, np.ones(len(points)), np.zeros(len(points))
    rows = np.vstack([np.column_stack([x, -y, one, zero]), np.column_stack([y, x, zero, one])])
    a, b, right, down = np.linalg.lstsq(rows, TEMPLATE.T.reshape(-1), rcond=None)[0]
    fitted = np.column_stack([a * x - b * y + right, b * x + a * y + down])
    np.testing.assert_allclose(shown(align(points, TEMPLATE), fitted), points, atol=1e-9)


def test_points_that_are_hardly_a_face_get_no_boundless_square() -> None:
    crossed = 100 * TEMPLATE[[1, 0, 2, 3]]
    assert align(crossed, TEMPLATE).side < 1000


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    mirrored = TEMPLATE * (-1, 1)
    assert align(mirrored, TEMPLATE).side > 0
    assert not np.allclose(shown(align(mirrored, TEMPLATE), TEMPLATE), mirrored, atol=0.1)
