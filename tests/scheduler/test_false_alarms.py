"""Hours of calm media in virtual time: what a rule tells of a detector that errs, beside what is expected."""

import random
from math import exp, expm1, sqrt
from pathlib import Path

import pytest

from argusd.scheduler.contract.policy import Hold
from argusd.scheduler.evidence import SURE
from argusd.scheduler.false_alarms import Errors, alarms_an_hour, independent
from argusd.scheduler.rules import Rule

DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"


def false_starts(errors: Errors, start_after_s: float, hours: int) -> int:
    """How often a rule starts in so many hours in which nothing happens; after each it begins anew."""
    chance = random.Random(2026)
    stays = exp(-errors.every_s / errors.lasts_s)
    begins = -expm1(-errors.wrong / (1 - errors.wrong) / errors.lasts_s * errors.every_s)
    rule, wrong, started = Rule("any", Hold(start_after_s=start_after_s)), False, 0
    for number in range(round(3600 * hours / errors.every_s)):
        wrong = chance.random() < (stays if wrong else begins)
        log_odds = SURE if wrong else -errors.against * SURE
        if rule.feed(wrong, 1.0, number * errors.every_s, {}, log_odds):
            started, wrong = started + 1, False
            rule.close()
    return started


@pytest.mark.parametrize(
    ("errors", "start_after_s", "hours"),
    [
        (Errors(wrong=0.015, lasts_s=0.3, every_s=0.25), 1.0, 10),
        (Errors(wrong=0.015, lasts_s=0.3, every_s=0.25, against=0.4), 1.0, 10),
        (Errors(wrong=0.02, lasts_s=0.2, every_s=0.25), 0.7, 10),
        (Errors(wrong=0.02, lasts_s=0.1, every_s=0.125), 0.6, 10),
        (Errors(wrong=0.01, lasts_s=0.5, every_s=1.0), 1.0, 40),
        (Errors(wrong=0.05, lasts_s=0.5, every_s=0.25), 1.5, 8),
    ],
)
def test_as_many_false_alarms_as_expected(errors: Errors, start_after_s: float, hours: int) -> None:
    expected = hours * alarms_an_hour(errors, start_after_s)
    assert false_starts(errors, start_after_s, hours) == pytest.approx(expected, abs=4 * sqrt(expected))


def test_ten_hours_of_single_wrong_looks_tell_nothing() -> None:
    flicker = independent(wrong=0.02, every_s=0.25)
    assert alarms_an_hour(flicker, 1.0) < 0.01
    assert false_starts(flicker, 1.0, 10) == 0


def test_the_documents_figures_are_these() -> None:
    lines = [line.split("|")[1:-1] for line in DOCUMENT.read_text().splitlines() if line.startswith("| 0.0")]
    told = [[float(cell) for cell in cells] for cells in lines]
    assert len(told) == 4
    for wrong, lasts_s, *rates in told:
        errors = Errors(wrong, lasts_s, 0.25)
        expected = [alarms_an_hour(errors, start_after_s) for start_after_s in (1, 2, 3)]
        assert rates == [pytest.approx(rate, rel=0.05) for rate in expected]


def test_who_waits_longer_is_told_less_and_who_errs_less_as_well() -> None:
    waits = [alarms_an_hour(Errors(0.02, 0.3, 0.25), start_after_s) for start_after_s in (0.5, 1.0, 2.0, 4.0)]
    assert waits == sorted(waits, reverse=True)
    shares = [alarms_an_hour(Errors(wrong, 0.3, 0.25), 1.0) for wrong in (0.0, 0.001, 0.01, 0.1)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0


def test_no_wait_helps_against_an_error_that_stays() -> None:
    stays = Errors(wrong=0.5, lasts_s=600.0, every_s=1.0)
    assert alarms_an_hour(stays, 1.0) == pytest.approx(alarms_an_hour(stays, 10.0), rel=0.1)


def test_errors_that_come_as_fast_as_they_are_taken_back_are_no_special_case() -> None:
    near, at = Errors(0.4999, 1.0, 0.25), Errors(0.5, 1.0, 0.25)
    assert alarms_an_hour(at, 2.0) == pytest.approx(alarms_an_hour(near, 2.0), rel=0.01)
