from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.api.http.rate_limit import RateLimit


def test_a_burst_passes_then_the_rate_holds() -> None:
    limit = RateLimit(per_minute=60)
    assert [limit.allow("a", 0.0) for _ in range(31)] == [True] * 30 + [False]
    assert [limit.allow("a", 1.0), limit.allow("a", 1.0)] == [True, False]
    assert limit.allow("b", 1.0)


@settings(deadline=None)
@given(st.lists(st.floats(0, 120), min_size=1, max_size=200))
def test_no_minute_allows_more_than_the_rate_and_a_burst(times: list[float]) -> None:
    limit = RateLimit(per_minute=20)
    allowed = [now for now in sorted(times) if limit.allow("a", now)]
    for start in allowed:
        assert sum(start <= now < start + 60 for now in allowed) <= 20 + 10


def test_memory_stays_bounded_and_the_longest_unused_key_goes() -> None:
    limit = RateLimit(per_minute=2)
    limit.MAX_KEYS = 3
    assert limit.allow("flooder", 0.0)
    assert not limit.allow("flooder", 0.0)
    for key in ("b", "c"):
        limit.allow(key, 0.0)
    assert not limit.allow("flooder", 0.1)  # used again, so not the oldest any more
    limit.allow("d", 0.2)
    assert not limit.allow("flooder", 0.3)
