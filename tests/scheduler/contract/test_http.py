from argusd.scheduler.contract.http import backoff_s


def test_the_wait_doubles_up_to_five_seconds() -> None:
    assert [backoff_s(attempt) for attempt in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_daemon_may_be_away_for_days() -> None:
    assert backoff_s(100_000) == 5.0
