"""What is known of a session now: each stream's newest result; what was violated, how often and how long.

Redis keeps it in the hash ``ml:session:{id}:results``. Violations are counted in the same transaction that
stores their events, so the counts match the events whatever dies when.
"""

from typing import Any, Literal

import msgspec

from .events import Event
from .messages import Latest


class Violation(msgspec.Struct, frozen=True):
    """One kind of violation in one session.

    ``total_s`` sums what has ended, on the media's own clock; ``open_since_s`` is the media time at which the
    one that goes on has started. ``last_at``: unix seconds of the newest start.
    """

    count: int = 0
    total_s: float = 0.0
    open_since_s: float | None = None
    last_at: float | None = None


class StreamResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stream's newest result; ``data`` is the stream's JSON of the wire contract.

    ``state`` is left out while there is one, and ``unknown`` when a track that feeds the stream brings
    nothing: then ``data`` holds nulls and empty lists, ``reason`` says why, and ``captured_at`` when the
    track last brought anything. The reason ``stream_failed`` says that the stream itself has ended.
    """

    captured_at: float
    frame_age_ms: float
    skipped: int
    models: dict[str, str]
    data: dict[str, Any]
    state: Literal["known", "unknown"] = "known"
    reason: str = ""


class Results(msgspec.Struct, frozen=True):
    """The body of ``GET /sessions/{session_id}/results``."""

    session_id: str
    state: str
    streams: dict[str, StreamResult]
    violations: dict[str, Violation]


def counted(before: Violation, event: Event) -> Violation:
    """The violation after one more of its events."""
    media_s = float(event.data.get("media_s", 0.0))
    if event.state == "start":
        return Violation(before.count + 1, before.total_s, media_s, event.captured_at)
    if event.state == "end" and before.open_since_s is not None:
        # The rule knows better than the moments of its events when the condition held.
        lasted = max(0.0, float(event.data.get("duration_s", media_s - before.open_since_s)))
        return Violation(before.count, before.total_s + lasted, None, before.last_at)
    return before


def stream_result(latest: Latest) -> StreamResult:
    """What callers see of a scheduler's ``Latest``."""
    return StreamResult(
        latest.captured_at,
        latest.frame_age_ms,
        latest.skipped,
        latest.models,
        latest.data,
        latest.state,
        latest.reason,
    )


def read_results(session_id: str, state: str, fields: dict[bytes, bytes]) -> Results:
    """The results out of their Redis hash."""
    streams, violations = {}, {}
    for field, value in fields.items():
        kind, _, name = field.decode().partition(":")
        if kind == "latest":
            streams[name] = msgspec.json.decode(value, type=StreamResult)
        elif kind == "violation":
            violations[name] = msgspec.json.decode(value, type=Violation)
    return Results(session_id, state, streams, violations)
