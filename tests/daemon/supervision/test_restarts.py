from hypothesis import given
from hypothesis import strategies as st

from argusd.daemon.supervision.restarts import RestartRule

RULE = RestartRule(limit=3, window_s=10.0, first_delay_s=0.5, longest_delay_s=3.0)


def test_the_wait_doubles_with_every_exit_up_to_the_longest() -> None:
    rule = RestartRule(limit=9, window_s=10.0, first_delay_s=0.5, longest_delay_s=3.0)
    exits = [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [rule.delay(exits[: n + 1], exits[n]) for n in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_budget_is_used_up_by_one_exit_more_than_the_limit() -> None:
    assert RULE.delay([1.0, 2.0, 3.0], 3.0) is not None
    assert RULE.delay([1.0, 2.0, 3.0, 4.0], 4.0) is None


def test_exits_before_the_window_are_forgiven() -> None:
    assert RULE.delay([0.0, 1.0, 2.0, 30.0], 30.0) == 0.5


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50))
def test_a_restart_is_granted_exactly_while_the_window_has_room(
    times: list[float],
) -> None:
    exits = sorted(times)
    now = exits[-1]
    recent = [at for at in exits if at > now - RULE.window_s]
    delay = RULE.delay(exits, now)
    assert (delay is not None) == (len(recent) <= RULE.limit)
    assert delay is None or RULE.first_delay_s <= delay <= RULE.longest_delay_s
