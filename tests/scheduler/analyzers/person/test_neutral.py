"""What calm looks teach of a person, and how little they can."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.analyzers.person.gaze import Stance, offset_from
from argusd.scheduler.analyzers.person.neutral import ADAPT_S, FIRST_S, LIMITS, STRAIGHT, Neutral
from argusd.scheduler.contract.policy import GivenNeutral

HZ = 8.0
stances = st.builds(
    Stance, x=st.floats(-1, 1), y=st.floats(-1, 1), yaw=st.floats(-90, 90), pitch=st.floats(-90, 90)
)
possible = st.builds(Stance, *(st.floats(-limit, limit) for limit in LIMITS))
BESIDE = Stance(x=0.1, y=0.05, yaw=20.0, pitch=-8.0)


def taught(looks: Iterable[Stance], neutral: Neutral | None = None, begin_s: float = 0.0) -> Neutral:
    """After these looks, at ``HZ``."""
    neutral = neutral or Neutral("on")
    for number, look in enumerate(looks):
        neutral.learn(look, begin_s + number / HZ)
    return neutral


def offset(neutral: Neutral, look: Stance) -> Stance:
    return neutral.offset(look, offset_from(STRAIGHT, look))


def still(look: Stance, seconds: float) -> list[Stance]:
    return [look] * int(seconds * HZ + 1)


@given(possible)
def test_it_comes_to_where_the_person_looks(person: Stance) -> None:
    assert taught(still(person, FIRST_S)).stance == pytest.approx(person, abs=1e-9)


@given(possible, st.lists(stances, max_size=12))
def test_single_looks_that_say_otherwise_change_little(person: Stance, others: list[Stance]) -> None:
    looks = still(person, 2 * FIRST_S)
    for number, other in enumerate(others):
        looks[5 * number + 2] = other
    stance = taught(looks).stance
    assert stance is not None
    for seen, own, limit in zip(stance, person, LIMITS, strict=True):
        assert abs(seen - own) <= limit / 4


def test_two_seconds_of_a_still_picture_make_no_neutral() -> None:
    assert taught(still(BESIDE, 2.0)).stance is None
    assert taught(still(BESIDE, FIRST_S - 1 / HZ)).stance is None


@given(st.lists(stances, min_size=40, max_size=80), st.floats(0.1, 60))
def test_it_stays_within_its_limits_whatever_is_seen(looks: list[Stance], hz: float) -> None:
    neutral = Neutral("on")
    for number, look in enumerate(looks):
        neutral.learn(look, number / hz)
        for seen, limit in zip(neutral.stance or STRAIGHT, LIMITS, strict=True):
            assert abs(seen) <= limit


@given(possible, possible)
def test_what_was_learnt_changes_slowly(person: Stance, later: Stance) -> None:
    neutral = taught(still(person, FIRST_S))
    before = neutral.stance
    after = taught(still(later, 6.0), neutral, begin_s=FIRST_S + 1 / HZ).stance
    assert before is not None
    assert after is not None
    for first, second, limit in zip(before, after, LIMITS, strict=True):
        assert abs(second - first) <= (6.0 + 2 / HZ) / ADAPT_S * limit


@given(stances, st.floats(0.05, 60))
def test_pictures_that_come_seldom_teach_no_more(look: Stance, seconds: float) -> None:
    neutral = Neutral("on")
    for number in range(int(FIRST_S / 0.5)):
        neutral.learn(look, number * seconds)
    assert neutral.stance is None


def test_a_head_that_moves_teaches_nothing() -> None:
    looks = [BESIDE._replace(yaw=10.0 * (number % 2)) for number in range(100)]
    assert taught(looks).stance is None


@given(possible, stances)
def test_it_only_spares(person: Stance, look: Stance) -> None:
    straight, nearer = offset_from(STRAIGHT, look), offset(taught(still(person, FIRST_S)), look)
    for camera, either in zip(straight, nearer, strict=True):
        assert abs(either) <= abs(camera)
        assert either * camera >= 0


def test_between_the_camera_and_the_neutral_nobody_looks_away() -> None:
    neutral = taught(still(BESIDE, FIRST_S))
    assert offset(neutral, BESIDE) == pytest.approx(STRAIGHT)
    assert offset(neutral, BESIDE._replace(yaw=10.0)).yaw == 0.0
    assert offset(neutral, BESIDE._replace(yaw=55.0)).yaw == pytest.approx(35.0)
    assert offset(neutral, BESIDE._replace(yaw=-35.0)).yaw == pytest.approx(-35.0)


def test_a_policy_turns_it_off_and_on_again_and_it_knows_as_before() -> None:
    neutral = taught(still(BESIDE, FIRST_S))
    before = neutral.stance
    neutral.apply("off")
    assert neutral.stance is None
    assert offset(neutral, BESIDE) == offset_from(STRAIGHT, BESIDE)
    taught(still(STRAIGHT, 60.0), neutral, begin_s=10.0)
    neutral.apply("on")
    assert neutral.stance == before


def test_a_neutral_that_is_given_counts_at_once() -> None:
    neutral = Neutral(GivenNeutral(yaw_deg=40.0, x=0.1))
    assert neutral.stance == Stance(0.1, 0.0, 40.0, 0.0)
    assert offset(neutral, Stance(0.1, 0.0, 45.0, 0.0)).yaw == pytest.approx(5.0)
