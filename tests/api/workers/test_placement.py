"""Who takes what."""

from argusd.api.workers.placement import Turns, least_loaded


def test_media_go_where_the_least_is_going_on() -> None:
    assert least_loaded({"a": 3, "b": 0, "c": 9}) == "b"
    assert least_loaded({"b": 3, "a": 3}) == "a"


def test_a_session_goes_where_it_has_been() -> None:
    assert Turns().choose(["a", "b", "c"], "b") == "b"


def test_where_it_has_been_does_not_count_when_that_scheduler_cannot_be_used() -> None:
    assert Turns().choose(["a", "b"], "c") == "a"


def test_tasks_take_turns() -> None:
    turns = Turns()
    assert [turns.choose(["b", "c", "a"], None) for _ in range(7)] == ["a", "b", "c", "a", "b", "c", "a"]


def test_turns_go_on_when_a_scheduler_leaves_and_comes_back() -> None:
    turns = Turns()
    there = (["a", "b", "c"], ["a", "c"], ["a", "c"], ["a", "b", "c"])
    assert [turns.choose(names, None) for names in there] == ["a", "c", "a", "b"]


def test_nobody_takes_it_when_nobody_can() -> None:
    assert Turns().choose([], "a") is None
