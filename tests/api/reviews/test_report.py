"""From a session's events to its report."""

from typing import Any

from argusd.api.reviews.report import About, report_of
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.reviews.report import Report
from argusd.scheduler.contract.reviews.reviews import Review

ABOUT = About("s1", "live", ["face"], 1.0, 2.0)


def report(*events: Event, reviews: dict[int, Review] | None = None) -> Report:
    return report_of(ABOUT, events, reviews or {})


def violation(seq: int, state: str, at: float, **changes: Any) -> Event:
    given: dict[str, Any] = {"stream": "face", "name": "gaze_away", "data": {}} | changes
    return Event(session_id="s1", seq=seq, type="violation", state=state, captured_at=at, **given)  # type: ignore[arg-type]


def media(seq: int, name: str, at: float, **data: str) -> Event:
    return Event(
        session_id="s1",
        seq=seq,
        type="session",
        stream="media",
        name=name,
        state="update",
        captured_at=at,
        data=data,
    )


def speech(seq: int, state: str, at: float) -> Event:
    return Event(
        session_id="s1",
        seq=seq,
        type="observation",
        stream="audio",
        name="speech",
        state=state,  # type: ignore[arg-type]
        captured_at=at,
        data={},
    )


def stretches(*events: Event) -> list[tuple[str, str, float, float | None]]:
    return [(each.stream, each.name, each.started_at, each.ended_at) for each in report(*events).stretches]


def test_a_start_and_its_end_are_one_violation() -> None:
    told = report(
        violation(3, "start", 10.0, confidence=0.5, evidence_id="e1"),
        violation(4, "update", 12.0, confidence=0.7),
        violation(5, "end", 15.0, confidence=0.9, data={"duration_s": 4.5}),
    )
    (only,) = told.violations
    assert (only.seq, only.started_at, only.ended_at, only.duration_s) == (3, 10.0, 15.0, 4.5)
    assert (only.confidence, only.data, only.evidence_id) == (0.9, {"duration_s": 4.5}, "e1")
    assert told.seq == 5


def test_what_goes_on_has_no_end_yet() -> None:
    (only,) = report(violation(3, "start", 10.0), violation(4, "update", 12.0)).violations
    assert (only.ended_at, only.duration_s) == (None, None)


def test_what_was_told_late_stands_where_it_started() -> None:
    told = report(
        violation(1, "start", 20.0),
        violation(2, "start", 12.0, name="voice_early", stream="lipsync"),
        speech(3, "start", 19.0),
        speech(4, "end", 21.0),
        media(5, "live", 3.0),
    )
    assert [each.seq for each in told.violations] == [2, 1]
    assert [each.name for each in told.stretches] == ["live", "speech"]


def test_violations_of_one_name_follow_each_other_and_those_of_others_lie_across() -> None:
    told = report(
        violation(1, "start", 10.0),
        violation(2, "start", 11.0, name="phone", stream="video"),
        violation(3, "end", 12.0),
        violation(4, "start", 13.0),
        violation(5, "end", 14.0, name="phone", stream="video"),
    )
    assert [(each.seq, each.name, each.ended_at) for each in told.violations] == [
        (1, "gaze_away", 12.0),
        (2, "phone", 14.0),
        (4, "gaze_away", None),
    ]


def test_an_end_whose_start_is_not_kept_any_more_is_nobodys() -> None:
    assert report(violation(9, "end", 15.0)).violations == []


def test_each_violation_has_its_review() -> None:
    review = Review(state="dismissed", comment="a poster", seq=1, at=20.0)
    told = report(violation(1, "start", 10.0), violation(2, "end", 11.0), reviews={1: review, 7: review})
    assert [each.review for each in told.violations] == [review]


def test_phases_of_the_media_follow_each_other_until_it_is_over() -> None:
    assert stretches(
        media(1, "connecting", 1.0),
        media(2, "live", 2.0),
        media(3, "stale", 5.0),
        media(4, "live", 6.0),
        media(5, "closed", 9.0),
    ) == [
        ("media", "connecting", 1.0, 2.0),
        ("media", "live", 2.0, 5.0),
        ("media", "stale", 5.0, 6.0),
        ("media", "live", 6.0, 9.0),
    ]


def test_a_silent_track_and_speech_are_told_in_their_lanes() -> None:
    told = report(
        media(1, "track_stale", 3.0, kind="video", reason="frozen"),
        speech(2, "start", 4.0),
        media(3, "track_live", 5.0, kind="video"),
        media(4, "track_stale", 6.0, kind="audio", reason="no_media"),
        media(5, "session_lost", 8.0),
    )
    assert [(each.stream, each.name, each.reason, each.ended_at) for each in told.stretches] == [
        ("video", "track_stale", "frozen", 5.0),
        ("audio", "speech", "", 8.0),
        ("audio", "track_stale", "no_media", 8.0),
    ]
