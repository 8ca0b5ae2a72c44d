"""Who takes what."""

from argusd.api.workers.placement import Candidate, Placement

IDLE, BUSY, FULL = Candidate("a", 0), Candidate("b", 3), Candidate("c", 9)


def test_a_session_goes_where_it_has_been() -> None:
    assert Placement().choose([IDLE, BUSY, FULL], "stream", "c") == "c"
    assert Placement().choose([IDLE, BUSY, FULL], "one_shot", "b") == "b"


def test_where_it_has_been_does_not_count_when_that_worker_cannot_be_used() -> None:
    assert Placement().choose([IDLE, BUSY], "stream", "c") == "a"


def test_streams_go_where_the_least_is_going_on() -> None:
    assert Placement().choose([FULL, BUSY, IDLE], "stream", None) == "a"
    assert Placement().choose([FULL, BUSY], "stream", None) == "b"


def test_one_shots_take_turns_whatever_the_load() -> None:
    placement = Placement()
    turns = [placement.choose([BUSY, FULL, IDLE], "one_shot", None) for _ in range(7)]
    assert turns == ["a", "b", "c", "a", "b", "c", "a"]


def test_turns_go_on_when_a_worker_leaves_and_comes_back() -> None:
    placement = Placement()
    turns = [
        placement.choose(candidates, "one_shot", None)
        for candidates in ([IDLE, BUSY, FULL], [IDLE, FULL], [IDLE, FULL], [IDLE, BUSY, FULL])
    ]
    assert turns == ["a", "c", "a", "b"]


def test_nobody_takes_it_when_nobody_can() -> None:
    assert Placement().choose([], "one_shot", "a") is None
