"""What a ramp of sessions says of admission."""

from argusd.benchmarks.admission import Step, ages_of, judged, over

EVERY_AGE_KEPT = {0.25: 90.0, 0.5: 100.0, float("inf"): 100.0}
LATE = {0.25: 50.0, 0.5: 90.0, float("inf"): 100.0}


def step(
    sessions: int, predicted: int, looks: float = 13.0, ages: dict[float, float] = EVERY_AGE_KEPT
) -> Step:
    return Step(sessions, predicted, looks, ages)


RAMP = [step(1, 6), step(2, 5), step(3, 4), step(4, 4), step(5, 4, looks=11.0), step(6, 4, ages=LATE)]


def test_found_is_the_most_that_are_held_and_predicted_the_most_that_are_let_in() -> None:
    metrics = judged(RAMP).metrics
    assert (metrics["found"].value, metrics["predicted"].value) == (4, 4)
    assert metrics["predicted_by_one"].value == 6
    assert metrics["age_p95_ms"].value == 500


def test_one_slow_moment_does_not_end_the_ramp() -> None:
    assert not over(RAMP[:5])
    assert not over([*RAMP[:3], step(4, 4, ages=LATE), step(5, 4)])
    assert over(RAMP)


def test_ages_are_those_of_pictures() -> None:
    counted = {"age face 0.5": 3.0, "age video 0.5": 4.0, "age audio 0.5": 100.0, "served vad": 9.0}
    assert ages_of(counted) == {0.5: 7.0}
