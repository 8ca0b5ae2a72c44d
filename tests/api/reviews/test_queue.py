"""Which session needs a look before which."""

from typing import Any

from argusd.api.reviews.queue import Standing, behind, cursor_of, fitting
from argusd.scheduler.contract.reviews.queue import QueueQuestion, Waiting


def standing(session_id: str, **about: Any) -> Standing:
    waiting = {name: about.pop(name) for name in ("going_on", "unreviewed", "last_at") if name in about}
    fields = {"live": True, "silent": False, "updated_at": 10.0} | about
    return Standing(session_id, waiting=Waiting(**waiting), **fields)


def order(*standings: Standing, **question: Any) -> list[str]:
    return [each.session_id for each in fitting(standings, QueueQuestion(**question))]


SESSIONS = (
    standing("over", live=False),
    standing("calm"),
    standing("undecided", live=False, unreviewed=2),
    standing("frozen", silent=True),
    standing("now", going_on=1, unreviewed=1),
)


def test_what_goes_on_comes_first_then_what_is_silent_then_what_nobody_has_decided() -> None:
    assert order(*SESSIONS) == ["now", "frozen", "undecided", "calm", "over"]


def test_a_violation_that_never_ended_in_a_session_that_did_is_no_more_urgent_than_others() -> None:
    assert order(standing("over", live=False, going_on=1), standing("now", going_on=1)) == ["now", "over"]


def test_among_equals_the_one_in_which_something_happened_last_comes_first() -> None:
    older, newer = standing("a", unreviewed=1, last_at=20.0), standing("b", unreviewed=1, last_at=30.0)
    assert order(older, newer, standing("c", unreviewed=1, updated_at=25.0)) == ["b", "c", "a"]


def test_only_what_is_asked_for_is_shown() -> None:
    assert order(*SESSIONS, show="waiting") == ["now", "undecided"]
    assert order(*SESSIONS, show="live") == ["now", "frozen", "calm"]
    assert order(*SESSIONS, show="ended") == ["undecided", "over"]
    assert order(*SESSIONS, search="O") == ["now", "frozen", "over"]


def test_a_page_begins_behind_the_one_before_wherever_that_one_goes() -> None:
    first, second, third = (standing(name, updated_at=30.0 - at) for at, name in enumerate("abc"))
    cursor = cursor_of(second)
    assert behind([first, second, third], cursor) == 2
    assert behind([standing("new", going_on=1), first, second, third], cursor) == 3
    assert behind([standing("b", going_on=1), first, third], cursor) == 2
    assert behind([first, third], cursor) == 1
    assert behind([first, second, third], "") == 0
