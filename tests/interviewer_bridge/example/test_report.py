"""The example's business rules: who has to look at an interview, and why."""

from typing import Any

import pytest

from argusd.interviewer_bridge.example.report import Verification, reasons_for_review
from argusd.scheduler.contract.results import Results, Violation

SAME = Verification(True, 0.9, True, 0.8)
EMPTY_ROOM: dict[str, Any] = {"objects": {"person": 1, "chair": 2}, "person_count": 1}


def results(state: str = "closed", **counts: int) -> Results:
    return Results("s", state, {}, {name: Violation(count) for name, count in counts.items()})


def test_an_interview_without_anything_passes() -> None:
    assert reasons_for_review(SAME, EMPTY_ROOM, results(gaze_away=10, identity_mismatch=0)) == []


@pytest.mark.parametrize(
    ("verification", "room", "found", "reasons"),
    [
        (Verification(False, 0.2, True, 0.8), EMPTY_ROOM, results(), ["face_differs"]),
        (Verification(True, 0.9, False, 0.1), EMPTY_ROOM, results(), ["voice_differs"]),
        (SAME, EMPTY_ROOM | {"person_count": 2}, results(), ["not_alone_in_room"]),
        (SAME, EMPTY_ROOM | {"objects": {"cell phone": 1}}, results(), ["cell phone in room"]),
        (SAME, EMPTY_ROOM, results(gaze_away=11), ["gaze_away_often"]),
        (SAME, EMPTY_ROOM, results("lost"), ["media_lost"]),
        (SAME, EMPTY_ROOM, results(video_lost=1), ["video_lost"]),
        (
            SAME,
            EMPTY_ROOM,
            results(second_speaker=1, identity_mismatch=2),
            ["identity_mismatch", "second_speaker"],
        ),
    ],
)
def test_what_speaks_against_it(
    verification: Verification, room: dict[str, Any], found: Results, reasons: list[str]
) -> None:
    assert reasons_for_review(verification, room, found) == reasons
