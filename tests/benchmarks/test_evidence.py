"""What is made of the turns with evidence and without."""

import pytest

from argusd.benchmarks.evidence import judged
from argusd.benchmarks.evidence.turns import SESSIONS, Turn


def turn(age_ms: float, kept: int = 0) -> Turn:
    return Turn([age_ms] * 40, looks=100.0, cores=0.08, kept=kept)


def test_ages_are_beside_those_of_the_same_run_without_evidence() -> None:
    rounds = [
        (turn(100), turn(105, SESSIONS)),
        (turn(200), turn(210, SESSIONS)),
        (turn(100), turn(300, SESSIONS)),
    ]
    result = judged(rounds)
    assert result.metrics["age_p95_over_without"].value == pytest.approx(1.05)
    assert result.metrics["age_p95_over_without"].spread == pytest.approx((1.05, 3.0))
    assert result.metrics["recorder_cores"].value == pytest.approx(0.01)
    assert (result.metrics["kept"].value, result.failures) == (3 * SESSIONS, [])


def test_a_violation_that_was_not_kept_fails_the_run() -> None:
    assert judged([(turn(100), turn(90, SESSIONS - 1))]).failures == ["7 violations of 8 were kept"]
