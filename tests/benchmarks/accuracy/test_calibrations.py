"""What scores turn out to mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.benchmarks.accuracy.calibrations import FEW, calibrated
from argusd.benchmarks.accuracy.figures.calibration import fitted
from argusd.benchmarks.accuracy.figures.tallies import Verdict

SCORES = st.lists(st.floats(-1, 1).map(lambda value: round(value, 2)), min_size=1, max_size=30)


@pytest.mark.parametrize("times", [1, 10])
def test_the_line_is_found_that_scores_were_drawn_from_however_many_of_each(times: int) -> None:
    """Two normal distributions: log-odds 2 · 0.2 / 0.1² · (score − 0.5)."""
    random = np.random.default_rng(1)
    there, others = random.normal(0.7, 0.1, 2_000), random.normal(0.3, 0.1, 2_000 * times)
    fit = fitted(there.tolist(), others.tolist())
    assert fit.even == pytest.approx(0.5, abs=0.01)
    assert fit.slope == pytest.approx(40, rel=0.1)
    assert fit.cost < 0.12


def test_scores_that_tell_nothing_leave_a_whole_bit_unknown() -> None:
    assert fitted([0.2, 0.8], [0.2, 0.8]).cost == pytest.approx(1.0)


def test_few_that_are_parted_for_certain_are_not_taken_for_certainty() -> None:
    few, many = fitted([0.9] * 3, [0.1] * 3), fitted([0.9] * 300, [0.1] * 300)
    assert 3 < few.slope < many.slope < 20
    assert few.even == pytest.approx(0.5, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(SCORES, SCORES)
def test_no_line_misleads(there: list[float], others: list[float]) -> None:
    assert 0 <= fitted(there, others).cost <= 1.0 + 1e-6


def verdicts(finding: str, there: bool | None, *scores: float | None) -> list[Verdict]:
    return [Verdict(finding=finding, item="a", there=there, told=True, score=score) for score in scores]


def test_findings_with_scores_of_both_kinds_are_in_the_table_and_too_few_are_said_to_be() -> None:
    many = verdicts("pairs", True, *[0.8] * FEW) + verdicts("pairs", False, *[0.3] * FEW)
    few = verdicts("phone", True, 0.4) + verdicts("phone", False, 0.1, 0.2) + verdicts("phone", None, 0.9)
    unscored, one_kind = verdicts("faces", True, None), verdicts("persons", False, 0.2)
    found = calibrated([*many, *few, *unscored, *one_kind])
    (table,) = found.tables
    assert [row[:3] for row in table.rows] == [["pairs", FEW, FEW], ["phone", 1, 2]]
    assert found.notes == ["phone: 1 that were there and 2 that were not are too few to calibrate it by"]
    assert calibrated(unscored).tables == []
