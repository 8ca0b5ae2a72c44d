import pytest
from msgspec import structs

from argusd.daemon.events.findings import FindingPrinter, media_time
from argusd.scheduler.contract.events import Gap

from ..event_maker import observation, session, violation


@pytest.fixture
def printer() -> FindingPrinter:
    return FindingPrinter(colour=False)


def test_a_violation_has_a_line_for_its_start_and_one_for_its_end(printer: FindingPrinter) -> None:
    events = [
        violation("gaze_away", "start", 6.38, direction="right"),
        violation("gaze_away", "update", 8.0, direction="right"),
        violation("gaze_away", "end", 70.96, direction="right", duration_s=4.47),
    ]
    assert [printer.line(event) for event in events] == [
        "   0:06.4 ▲ gaze_away        right                      40 ms old",
        None,
        "   1:11.0 ▼ gaze_away        right, after 4.5 s         40 ms old",
    ]


def test_a_voice_is_late_or_early_for_its_mouth(printer: FindingPrinter) -> None:
    late = printer.line(violation("lip_sync_violation", "start", 9.0, offset_ms=402))
    early = printer.line(violation("lip_sync_violation", "end", 20.0, offset_ms=-380, duration_s=11.0))
    assert late is not None
    assert "lip_sync_violation 402 ms late " in late
    assert early is not None
    assert "lip_sync_violation 380 ms early, after 11.0 s " in early


def test_counts_have_a_line_when_they_change(printer: FindingPrinter) -> None:
    looks = [observation("face", at, face_count=count) for at, count in enumerate([1, 1, 2, 2, 0])]
    lines = [printer.line(look) for look in looks]
    assert [line and line[:42].rstrip() for line in lines] == [
        "   0:00.0 · face             1 face",
        None,
        "   0:02.0 · face             2 faces",
        None,
        "   0:04.0 · face             0 faces",
    ]
    people = printer.line(observation("video", 5.0, person_count=2))
    assert people is not None
    assert "2 people" in people


def test_sessions_have_counts_of_their_own(printer: FindingPrinter) -> None:
    first = observation("face", 0.0, face_count=1)
    other = structs.replace(first, session_id="t")
    assert printer.line(first) is not None
    assert printer.line(other) is not None


def test_a_session_that_is_over_begins_anew(printer: FindingPrinter) -> None:
    look = observation("face", 0.0, face_count=1)
    lines = [printer.line(event) for event in (look, session("closed", "end", "deleted"), look)]
    assert lines[2] == lines[0] is not None


def test_the_session_and_gaps_are_told(printer: FindingPrinter) -> None:
    assert printer.line(session("closed", "end", "deleted")) == "          ● session closed (deleted)"
    assert printer.line(session("live", "update")) == "          ● session live"
    kept = session("evidence", "update")
    assert printer.line(structs.replace(kept, data={"state": "ready"})) == "          ● evidence ready"
    stale = session("track_stale", "update", "no_media")
    stale = structs.replace(stale, data=stale.data | {"kind": "video"})
    assert printer.line(stale) == "          ● video stale (no_media)"
    assert printer.line(Gap("s", missed=6)) == "          … 6 events are lost"


def test_colour_is_for_terminals() -> None:
    line = FindingPrinter(colour=True).line(violation("gaze_away", "start", 1.0))
    assert line is not None
    assert line.startswith("\033[33m")


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "0:00.0"), (59.96, "1:00.0"), (3599.9, "59:59.9")])
def test_media_time(seconds: float, shown: str) -> None:
    assert media_time(violation("x", "start", seconds)) == shown
