import pytest

from argusd.api.hosts.claims import Claim
from argusd.api.hosts.door import host_for_task
from argusd.api.hosts.hosts import Host

A, B, C = Host("a", "http://a", room=1), Host("b", "http://b", room=2), Host("c", "http://c", room=9)
DRAINING = Host("d", "http://d", room=90, draining=True)


@pytest.mark.parametrize(
    ("takes", "holder", "goes_to"),
    [
        (True, "b", B),
        (True, "a", None),
        (True, None, None),
        (True, "dead", None),
        (False, "a", None),
        (False, None, C),
        (False, "dead", C),
    ],
)
def test_a_task_goes_to_its_sessions_holder_else_stays_else_goes_where_most_room_is(
    takes: bool, holder: str | None, goes_to: Host | None
) -> None:
    claim = None if holder is None else Claim(holder, 1)
    assert host_for_task("a", takes, claim, [A, B, C, DRAINING]) == goes_to
    assert host_for_task("a", takes, None, [A, DRAINING]) is None, "nobody else takes anything"
