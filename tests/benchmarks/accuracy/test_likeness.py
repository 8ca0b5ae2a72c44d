"""How well a likeness parts pairs of one person from pairs of two."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.accuracy.figures.likeness import at, auc, curve, equal_error

LIKENESSES = st.lists(st.floats(-1, 1).map(lambda value: round(value, 2)), min_size=1, max_size=30)


def test_who_is_parted_for_certain() -> None:
    assert auc([0.7, 0.8], [0.1, 0.2, 0.3]) == 1.0
    assert equal_error([0.7, 0.8], [0.1, 0.2, 0.3]) == (0.0, 0.7)
    assert auc([0.1], [0.9]) == 0.0


def test_a_pair_that_reaches_the_threshold_is_accepted() -> None:
    assert at(0.6, [0.5, 0.6], [0.6, 0.59, 0.1, 0.7]) == (0.6, 0.5, 0.5)


def test_one_error_of_each_kind() -> None:
    same, other = [0.3, 0.7, 0.8, 0.9], [0.1, 0.2, 0.25, 0.75]
    assert equal_error(same, other).rate == 0.25
    assert auc(same, other) == pytest.approx((3 + 3 + 4 + 4) / 16)


@given(LIKENESSES, LIKENESSES)
def test_the_area_counts_pairs_in_order(same: list[float], other: list[float]) -> None:
    ordered = sum((one > two) + (one == two) / 2 for one in same for two in other)
    assert auc(same, other) == pytest.approx(ordered / len(same) / len(other))
    assert auc(other, same) == pytest.approx(1 - auc(same, other))


@given(LIKENESSES, LIKENESSES)
def test_a_higher_threshold_accepts_no_more(same: list[float], other: list[float]) -> None:
    points = curve(same, other)
    assert points[0][1:] == (1.0, 1.0)
    for lower, higher in pairwise(points):
        assert lower.threshold < higher.threshold
        assert lower.false_match >= higher.false_match
        assert lower.true_match >= higher.true_match
    assert 0.0 <= equal_error(same, other).rate <= 1.0
