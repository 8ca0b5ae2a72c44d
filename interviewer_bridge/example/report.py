"""What an interview came to, and the business rules that say who looks at it. Pure."""

from typing import Any

import msgspec

from argusd.scheduler.contract.results import Results

# Findings that a person should look at; the daemon only tells what it saw.
GRAVE = (
    "identity_mismatch",
    "second_speaker",
    "phone_detected",
    "multiple_people",
    "multiple_faces",
    "video_lost",
)
MOST_LOOKS_AWAY = 10
NOT_IN_A_ROOM = ("cell phone", "laptop", "book")


class Enrolment(msgspec.Struct, frozen=True):
    """Who somebody is, in base64 as the daemon gives it; it is this service that keeps it.

    With the models' names beside, so that after a change of models nobody is compared with what another made.
    """

    face_b64: str
    face_model: str
    voice_b64: str
    voice_model: str
    voice_quality: float


class Verification(msgspec.Struct, frozen=True):
    """Whether the person at the start of the interview is the one enrolled; scores in 0..1."""

    face_match: bool
    face_score: float
    voice_match: bool
    voice_score: float


class Report(msgspec.Struct, frozen=True):
    """An interview's end. ``reasons``: why it needs a person's look; none means that it passes."""

    session_id: str
    verification: Verification
    room: dict[str, Any]
    results: Results
    reasons: list[str]


def reasons_for_review(verification: Verification, room: dict[str, Any], results: Results) -> list[str]:
    """The names of all that speaks against letting the interview pass; ``room``: a room scan's result."""
    counts = {name: violation.count for name, violation in results.violations.items()}
    found = {
        "face_differs": not verification.face_match,
        "voice_differs": not verification.voice_match,
        "not_alone_in_room": room["person_count"] > 1,
        "gaze_away_often": counts.get("gaze_away", 0) > MOST_LOOKS_AWAY,
        "media_lost": results.state != "closed",
    }
    found |= {f"{thing} in room": thing in room["objects"] for thing in NOT_IN_A_ROOM}
    found |= {name: counts.get(name, 0) > 0 for name in GRAVE}
    return [reason for reason, holds in found.items() if holds]
