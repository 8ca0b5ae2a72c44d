"""Events as the daemon sends them, with only what a test cares about."""

from typing import Any, Literal

from argusd.scheduler.contract.events import Event

State = Literal["start", "update", "end"]


def violation(name: str, state: State, media_s: float, **data: Any) -> Event:
    return Event(
        session_id="s",
        type="violation",
        stream="face",
        name=name,
        state=state,
        severity="warning",
        captured_at=1.0,
        frame_age_ms=40.0,
        data={"media_s": media_s, **data},
    )


def observation(name: str, media_s: float, state: State = "update", **data: Any) -> Event:
    return Event(
        session_id="s",
        type="observation",
        stream=name,
        name=name,
        state=state,
        captured_at=1.0,
        frame_age_ms=20.0,
        data={"media_s": media_s, **data},
    )


def session(name: str, state: State, reason: str = "") -> Event:
    return Event(
        session_id="s",
        type="session",
        stream="media",
        name=name,
        state=state,
        captured_at=1.0,
        data={"worker": "ingest-0", "reason": reason},
    )
