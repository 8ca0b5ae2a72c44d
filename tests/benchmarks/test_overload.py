import pytest

from argusd.benchmarks.overload import overload_metrics
from argusd.benchmarks.rigs.onlookers import Answer

WANTED = {"face_mesh": 8.0, "object_detector": 1.0}


def answers(session_id: str, every: float, age: float) -> list[Answer]:
    """Thirty seconds of one session's answers."""
    return [
        Answer(n * every, session_id, "face_mesh", age if n * every < 20 else 2 * age)
        for n in range(int(30 / every) + 1)
    ]


def test_age_is_in_periods_of_the_role_that_looked() -> None:
    both = [Answer(0.0, "s0", "face_mesh", 0.1), Answer(1.0, "s0", "object_detector", 0.1)]
    assert overload_metrics(both, WANTED, 1, 1.0)["age_p95_periods"].value == pytest.approx(0.8)


def test_frames_that_grow_older_show_in_the_trend() -> None:
    assert overload_metrics(answers("s0", 0.5, 0.1), WANTED, 1, 30.0)["age_trend"].value == pytest.approx(2.0)


def test_fairness_compares_the_most_and_the_least_served() -> None:
    served = answers("s0", 0.25, 0.1) + answers("s1", 0.5, 0.1)
    assert overload_metrics(served, WANTED, 2, 30.0)["fairness"].value == pytest.approx(121 / 61)


def test_a_session_that_was_never_served_is_not_left_out() -> None:
    assert overload_metrics(answers("s0", 1.0, 0.1), WANTED, 2, 30.0)["fairness"].value > 1e6
