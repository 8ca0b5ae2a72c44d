"""How findings and session states become events."""

import time
from typing import Literal

import msgspec

from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.messages import Finding
from argusd.scheduler.contract.reviews.reviews import Review

STATES: dict[str, Literal["start", "update", "end"]] = {
    "connecting": "start",
    "live": "update",
    "stale": "update",
    "track_stale": "update",
    "track_live": "update",
    "evidence": "update",
    "closed": "end",
    "session_lost": "end",
}
SEVERITIES: dict[str, Literal["info", "warning", "critical"]] = {
    "stale": "warning",
    "track_stale": "warning",
    "session_lost": "critical",
}


def event_of(finding: Finding, evidence_id: str | None = None) -> Event:
    """The event of a finding, without its seq yet. A violation in a WebSocket's media is its stream's."""
    stream = finding.media.stream if finding.type == "violation" else None
    return Event(
        session_id=finding.media.session_id,
        type=finding.type,
        stream=stream or finding.stream,
        name=finding.name,
        state=finding.state,
        severity=finding.severity,
        confidence=finding.confidence,
        captured_at=finding.captured_at,
        frame_age_ms=finding.frame_age_ms,
        data={**finding.data, "media_s": finding.media_s},
        evidence_id=evidence_id,
    )


def session_event(session_id: str, name: str, worker: str, reason: str, **about: str) -> Event:
    """The event of a session's media having come into this state now; ``about``: what else it tells."""
    return Event(
        session_id=session_id,
        type="session",
        stream="media",
        name=name,
        state=STATES[name],
        severity=SEVERITIES.get(name, "info"),
        captured_at=time.time(),
        data={"worker": worker, "reason": reason, **about},
    )


def review_event(session_id: str, review: Review) -> Event:
    """The event of somebody's having reviewed a violation."""
    return Event(
        session_id=session_id,
        type="session",
        stream="review",
        name="reviewed",
        state="update",
        captured_at=review.at,
        data=msgspec.to_builtins(review),
    )


def numbered(event: Event, seq: int) -> Event:
    """The event at its place among its session's."""
    return msgspec.structs.replace(event, id=f"{event.session_id}:{seq}", seq=seq)
