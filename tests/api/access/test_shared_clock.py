import time

import pytest

from argusd.api.access.shared_clock import SharedClock


def test_a_host_whose_clock_is_off_goes_by_that_of_redis_and_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1120.0)
    clock = SharedClock()
    assert clock.now() == 1120.0, "by its own, as long as it knows no better"
    for _ in range(2):
        clock.heard(1000.0, asked=1119.75, answered=1120.25)
    assert clock.now() == 1000.0
    assert [record.getMessage() for record in caplog.records] == [
        "this host's clock is +120 s off that of Redis; its events tell wrong times"
    ]


def test_an_answer_that_took_long_tells_nothing() -> None:
    clock = SharedClock()
    clock.heard(1000.0, asked=1000.0, answered=1020.0)
    assert clock.off_s == 0.0


def test_what_the_way_to_redis_takes_is_nothing_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    SharedClock().heard(1000.0, asked=1000.0, answered=1000.5)
    assert not caplog.records
