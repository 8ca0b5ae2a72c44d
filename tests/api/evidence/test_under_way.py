"""What becomes of evidence until it is stored, whatever comes of it and however long that takes."""

import asyncio

import pytest

from argusd.api.evidence import under_way
from argusd.api.evidence.under_way import UnderWay
from argusd.scheduler.contract.evidence.messages import Captured
from argusd.scheduler.contract.evidence.records import Evidence, Snapshot, Violation
from argusd.scheduler.contract.media_key import MediaKey

PHONE = Violation("objects", "phone_detected", "warning", 0.9, 1.0, 40.0, {})
PICTURE = Snapshot("ab" * 32, 1000, 640, 360, 1.0, 12.5)


def begin(making: UnderWay, evidence_id: str, session_id: str = "s1") -> None:
    evidence = Evidence(
        evidence_id=evidence_id,
        session_id=session_id,
        created_at=1.0,
        violation=PHONE,
        policy_version=1,
        policy={},
    )
    making.begin(evidence, MediaKey(session_id))


def asked_for(making: UnderWay) -> list[str]:
    return [evidence.evidence_id for evidence, _ in making.asked_for()]


async def test_what_is_over_is_asked_for_no_more_and_told_until_it_is_removed() -> None:
    making = UnderWay()
    for evidence_id in ("a", "b", "c"):
        begin(making, evidence_id)
    first, second = Captured("b", PICTURE, None), Captured("a", None, None, "no_media")
    making.end(first)
    making.end(second)
    assert asked_for(making) == ["c"]
    assert [await making.next_over() for _ in range(2)] == [("s1", first)] * 2
    making.remove("b")
    assert await making.next_over() == ("s1", second)
    assert ("a" in making, "b" in making) == (True, False)


async def test_who_waits_hears_of_the_first_that_is_over() -> None:
    making = UnderWay()
    waiting = asyncio.create_task(making.next_over())
    await asyncio.sleep(0)
    begin(making, "a")
    making.end(Captured("nobody knows it", None, None))
    making.end(Captured("a", None, None))
    assert await waiting == ("s1", Captured("a", None, None))


async def test_what_takes_too_long_is_lost_once_however_long_it_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_way, "GIVEN_UP_AFTER_S", 0.0)
    making = UnderWay()
    begin(making, "a")
    making.end_overdue(away=False)
    making.end_overdue(away=False)
    making.end(Captured("a", PICTURE, None))  # too late
    assert await making.next_over() == ("s1", Captured("a", None, None, "lost"))
    making.remove("a")
    assert asked_for(making) == []


def test_a_clock_that_is_set_anew_ends_nothing() -> None:
    """The wall clock of the moment when it began, 1970 here, does not matter."""
    making = UnderWay()
    begin(making, "a")
    making.end_overdue(away=False)
    making.end_overdue(away=True)
    assert asked_for(making) == ["a"]


async def test_what_a_recorder_that_is_away_would_not_do_any_more_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_way, "ASKED_WITHIN_S", 0.0)
    making = UnderWay()
    begin(making, "a")
    making.end_overdue(away=False)
    assert asked_for(making) == ["a"]
    making.end_overdue(away=True)
    assert await making.next_over() == ("s1", Captured("a", None, None, "lost"))


def test_a_picture_is_there_before_the_clip() -> None:
    making = UnderWay()
    begin(making, "a")
    making.add_snapshot("a", PICTURE)
    making.add_snapshot("unknown", PICTURE)
    found = making.find("a")
    assert found is not None
    assert (found.snapshot, making.find("unknown")) == (PICTURE, None)


def test_a_session_that_goes_takes_its_own_along() -> None:
    making = UnderWay()
    begin(making, "a", "s1")
    begin(making, "b", "s2")
    making.end(Captured("a", None, None))
    making.drop_session("s1")
    assert ("a" in making, asked_for(making)) == (False, ["b"])


def test_there_is_room_until_it_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_way, "MOST_MADE", 1)
    monkeypatch.setattr(under_way, "MOST_WAITING", 2)
    making = UnderWay()
    assert (making.has_room, making.full) == (True, False)
    begin(making, "a")
    begin(making, "a")
    assert (making.has_room, making.full) == (False, False)
    begin(making, "b")
    assert (making.has_room, making.full) == (False, True)
