"""What is known of a session now: each stream's newest result; what was violated, how often and how long.

Redis keeps it in the hash ``ml:session:{id}:results``. Violations are counted in the same transaction that
stores their events, so the counts match the events whatever dies when.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from . import redis_keys
from .sessions import MediaPhase
from .wording.undecodable import UNDECODABLE

Kind = TypeVar("Kind")
Fields = Mapping[bytes, bytes]


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


class Reader(Protocol):
    """What this asks of a Redis client's pipeline."""

    def hexists(self, name: str, key: str) -> Any:
        """Whether a hash has this field."""

    def hget(self, name: str, key: str) -> Any:
        """The value of a hash's field."""

    def hgetall(self, name: str) -> Any:
        """All fields of a hash."""


class StoredMedia(msgspec.Struct, frozen=True):
    """The part of what is stored of a session's media that its results tell."""

    phase: MediaPhase


def stage_results(pipe: Reader, session_id: str) -> None:
    """Put into a transaction what ``read_results`` is to be given the answers of.

    The state is read together with the results: once it says that the media is over, they are complete.
    """
    pipe.hexists(redis_keys.record(session_id), "spec")
    pipe.hget(redis_keys.record(session_id), "media")
    pipe.hgetall(redis_keys.results(session_id))


def read_results(session_id: str, known: bool, media: bytes | None, fields: Fields) -> Results | None:
    """The results out of Redis' answers; None where nothing is known of the session (any more).

    What cannot be read is left out.
    """
    if not (known or media or fields):
        return None
    stored = readable(media, StoredMedia) if media else None
    streams, violations = {}, {}
    for field, value in fields.items():
        kind, _, name = field.decode(errors="replace").partition(":")
        if kind == "latest" and (result := readable(value, StreamResult)):
            streams[name] = result
        elif kind == "violation" and (violation := readable(value, Violation)):
            violations[name] = violation
    return Results(session_id, stored.phase if stored else "created", streams, violations)


def readable(body: bytes, kind: type[Kind]) -> Kind | None:
    """JSON as ``kind``, or None where it is not that."""
    try:
        return msgspec.json.decode(body, type=kind)
    except UNDECODABLE:
        return None
