"""What happened in a session, as callers see it."""

from typing import Any

import msgspec

from .reviews import Review


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """One violation of a report. ``seq``: of the event that started it; times in unix seconds.

    ``ended_at`` and ``duration_s`` (of the condition, on the media's clock) are null while it goes on.
    ``data``: that of its newest event. ``review`` is null where there is none.
    """

    seq: int
    stream: str
    name: str
    severity: str
    confidence: float
    started_at: float
    ended_at: float | None = None
    duration_s: float | None = None
    data: dict[str, Any] = {}
    evidence_id: str | None = None
    review: Review | None = None


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """How something stood for a while, beside violations; times in unix seconds.

    ``stream`` is ``media`` for the session's phases (``connecting``, ``live``, ``stale``), the track for
    ``track_stale`` (``reason``: see the event), or the stream that observed it (``speech``). ``ended_at`` is
    null while it goes on.
    """

    stream: str
    name: str
    started_at: float
    ended_at: float | None = None
    reason: str = ""


class Report(msgspec.Struct, frozen=True):
    """The body of ``GET /sessions/{session_id}/report``: what happened in a session, and its reviews.

    ``seq``: of the newest event that it takes in. ``streams``: those that are watched in it, now or last.
    Violations and stretches are in the order of their starts.
    """

    session_id: str
    state: str
    streams: list[str]
    created_at: float
    updated_at: float
    seq: int
    violations: list[Reported]
    stretches: list[Stretch]
