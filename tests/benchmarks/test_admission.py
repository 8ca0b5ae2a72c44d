"""What a ramp of sessions says of admission."""

import pytest

from argusd.benchmarks.admission import Step, ages_of, judged, numbers, over, predicted

EVERY_AGE_KEPT = {0.25: 90.0, 0.5: 100.0, float("inf"): 100.0}
LATE = {0.25: 50.0, 0.5: 90.0, float("inf"): 100.0}


def step(
    sessions: int, fits_more: int, looks: float = 13.0, ages: dict[float, float] = EVERY_AGE_KEPT
) -> Step:
    return Step(sessions, fits_more, looks, ages)


# Two of these sessions are one of the default policy.
RAMP = [
    step(1, 4),
    step(3, 3),
    step(5, 2),
    step(7, 1),
    step(9, 0),
    step(10, 0, looks=11.0),
    step(11, 0, ages=LATE),
]


def test_predicted_is_where_the_room_ends_and_found_the_most_that_are_held() -> None:
    metrics = judged({"half": RAMP}).metrics
    assert metrics["half_predicted"].value == pytest.approx(10)  # 4.5, 3.5, 2.5, 1.5 on average
    assert metrics["half_found"].value == 9
    assert metrics["half_age_p95_ms"].value == 500


def test_where_there_is_no_room_from_the_first_nothing_is_predicted_by_a_line() -> None:
    assert predicted([step(1, 1), step(2, 0), step(3, 0)]) == 2


def test_one_slow_moment_does_not_end_the_ramp() -> None:
    assert not over(RAMP[:6])
    assert not over([*RAMP[:3], step(6, 2, ages=LATE), step(7, 1)])
    assert over(RAMP)


def test_a_ramp_goes_fast_while_there_is_room_and_then_by_small_steps() -> None:
    steps: list[Step] = []
    joined = []
    for sessions in numbers(steps):
        joined.append(sessions)
        steps.append(
            step(sessions, max(0, (29 - sessions) // 2), ages=EVERY_AGE_KEPT if sessions < 25 else LATE)
        )
    assert joined == [1, 14, 20, 24, 26, 27]


def test_ages_are_those_of_the_streams_that_are_asked_for() -> None:
    counted = {"age face 0.5": 3.0, "age video 0.5": 4.0, "age audio 0.5": 100.0, "served vad": 9.0}
    assert ages_of(counted, ("face", "video")) == {0.5: 7.0}
