"""The circuit breaker's states; time is a number here."""

from hypothesis import given
from hypothesis import strategies as st

from argusd.api.workers.breaker import Breaker


def opened(at: float = 100.0) -> Breaker:
    breaker = Breaker(failures=3, rest_s=5.0)
    for _ in range(3):
        assert breaker.begin(at)
        breaker.failed(at)
    return breaker


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker(failures=3, rest_s=5.0)
    for _ in range(2):
        breaker.begin(0.0)
        breaker.failed(0.0)
    breaker.begin(0.0)
    breaker.succeeded()
    for _ in range(2):
        breaker.begin(0.0)
        breaker.failed(0.0)
    assert breaker.state(0.0) == "closed"
    breaker.begin(0.0)
    breaker.failed(0.0)
    assert breaker.state(0.0) == "open"


def test_nothing_passes_while_it_is_open() -> None:
    breaker = opened(at=100.0)
    assert not breaker.begin(100.0)
    assert not breaker.begin(104.9)
    assert breaker.state(104.9) == "open"


def test_after_the_rest_one_trial_passes_at_a_time() -> None:
    breaker = opened(at=100.0)
    assert breaker.state(105.0) == "half_open"
    assert breaker.begin(105.0)
    assert not breaker.begin(105.1)


def test_a_good_trial_closes_it() -> None:
    breaker = opened(at=100.0)
    breaker.begin(105.0)
    breaker.succeeded()
    assert breaker.state(105.0) == "closed"
    assert breaker.begin(105.0)
    assert breaker.begin(105.0)


def test_a_bad_trial_opens_it_for_another_rest() -> None:
    breaker = opened(at=100.0)
    breaker.begin(105.0)
    breaker.failed(106.0)
    assert breaker.state(110.9) == "open"
    assert breaker.state(111.0) == "half_open"


def test_a_trial_that_nobody_waited_for_makes_room_for_the_next() -> None:
    breaker = opened(at=100.0)
    breaker.begin(105.0)
    breaker.given_up()
    assert breaker.begin(105.0)


def test_failures_that_come_in_late_do_not_prolong_the_rest_of_a_healthy_worker() -> None:
    breaker = Breaker(failures=3, rest_s=5.0)
    for _ in range(2):
        breaker.begin(0.0)
        breaker.failed(0.0)
    breaker.begin(0.0)
    breaker.succeeded()
    breaker.failed(1.0)
    assert breaker.state(1.0) == "closed"


@given(
    st.lists(st.tuples(st.sampled_from(["succeeded", "failed", "given_up"]), st.floats(0, 3)), max_size=60)
)
def test_it_never_stays_shut(steps: list[tuple[str, float]]) -> None:
    """Whatever happened: after a rest without work, a request passes."""
    breaker, now = Breaker(failures=3, rest_s=5.0), 0.0
    for outcome, pause in steps:
        now += pause
        if breaker.begin(now):
            breaker.failed(now) if outcome == "failed" else getattr(breaker, outcome)()
    assert breaker.begin(now + 5.001)
