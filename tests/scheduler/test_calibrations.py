from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.calibrations import USUAL, Scale, same_person, scale_of
from argusd.scheduler.evidence import SURE
from argusd.scheduler.zoo.manifest import builtin_manifest

PHONE = "phone_detected"


def test_a_model_that_was_not_measured_says_yes_from_the_policys_score_on_and_no_below() -> None:
    scale = scale_of("nobody", PHONE, 0.5)
    assert scale == Scale(0.5, 0.5, inf)
    assert [scale.log_odds(score) for score in (0.0, 0.499, 0.5, 1.0)] == [-inf, -inf, SURE, SURE]


def test_centernets_phones() -> None:
    scale = scale_of("centernet", PHONE, 0.35)
    assert scale.threshold == 0.35
    assert scale.log_odds(0.35) == SURE
    assert scale.log_odds(0.305) == 0.0
    assert scale.log_odds(0.34) == pytest.approx(0.2415)
    assert scale.log_odds(0.0) == pytest.approx(-2.1, abs=0.01)


def test_who_asks_for_a_higher_score_has_all_of_it_moved() -> None:
    usual, strict = scale_of("centernet", PHONE, 0.35), scale_of("centernet", PHONE, 0.6)
    assert strict.threshold == 0.6
    assert strict.log_odds(0.59) == pytest.approx(usual.log_odds(0.34))


@pytest.mark.parametrize("finding", USUAL)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_never_says_less(finding: str, wanted: float, one: float, other: float) -> None:
    scale = scale_of("centernet", finding, wanted)
    assert scale.log_odds(min(one, other)) <= scale.log_odds(max(one, other)) <= SURE


def test_how_probably_two_embeddings_are_one_persons_where_that_was_measured() -> None:
    assert same_person("ge2e", 0.704) == 0.5
    assert [same_person("ge2e", cosine) for cosine in (0.0, 0.65, 0.77, 1.0)] == [0.0, 0.101, 0.935, 1.0]
    assert same_person("faceres_2", 0.9) is None


def test_only_findings_of_a_policy_with_a_usual_score_are_calibrated() -> None:
    calibrated = {finding for entry in builtin_manifest().models for finding in entry.calibration}
    assert calibrated <= set(USUAL)


def test_below_a_sure_look_a_measured_model_is_less_than_sure() -> None:
    for entry in builtin_manifest().models:
        for measured in entry.calibration.values():
            assert measured.even <= measured.sure
            assert measured.slope * (measured.sure - measured.even) < SURE
