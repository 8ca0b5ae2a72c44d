import pytest

from argusd.benchmarks.report.lines import line


def test_the_line_of_what_lies_on_one() -> None:
    found = line([(1, 5.0), (2, 7.0), (4, 11.0)])
    assert found is not None
    assert (found.begin, found.slope, found.fit) == pytest.approx((3.0, 2.0, 1.0))


def test_what_bends_is_explained_in_part() -> None:
    found = line([(1, 1.0), (2, 1.0), (4, 8.0)])
    assert found is not None
    assert 0.5 < found.fit < 0.95


def test_through_two_points_there_is_always_a_line() -> None:
    assert line([(1, 1.0), (2, 5.0)]) is None
    assert line([(1, 1.0), (1, 2.0), (2, 5.0)]) is None
