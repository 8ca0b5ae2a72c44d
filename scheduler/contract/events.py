"""The event of the wire contract."""

from typing import Any, Literal

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What ``GET /sessions/{id}/events`` sends, one JSON object an event.

    ``id`` is ``{session_id}:{seq}``; ``seq`` counts a session's events from 1, and a hole in it is a loss
    that readers are told of. ``captured_at``: unix seconds. ``frame_age_ms``: from a frame's arrival to the
    finding. ``data`` carries ``media_s``, the seconds since the stream's first frame or sample, beside what
    is particular to the finding. ``evidence_id``: of a violation's start what is kept of it, null where
    nothing is.

    Every violation that starts ends. Where the scheduler that found it was killed, ``data.reason`` of the end
    is ``scheduler_lost``, where the track that it was found in fell silent ``track_stale``, and the end dates
    from when the violation was last seen to go on.

    Session events (``type`` session, stream ``media``) are named ``connecting``, ``live``, ``stale``,
    ``closed`` and ``session_lost``; the last two end what ``connecting`` started. Everything found in the
    media comes before ``closed``, unless that has ``data.late_findings``: then the scheduler could not say
    in time whether this was all (``scheduler_away``, ``scheduler_silent``). Between them
    ``track_stale`` tells that a track (``data.kind``) brings no pictures or no sound any more, and why
    (``data.reason``, see ``ingest.ipc.messages.TrackState``), ``track_live`` that it does again.
    ``evidence`` tells that a violation's evidence is finished: ``data.evidence_id``, its ``state``,
    ``reason`` and ``hash``.
    ``stream_failed`` tells that a stream (``data.stream``) broke down and ended, and by which fault
    (``data.code``): ``analyzer_failed``, or that of its pictures or samples, three of which in a row no model
    could be run on. What it had open ends first; its session's other streams go on. It begins again under
    another policy, or when a track that feeds it was closed and is opened anew.

    ``reviewed`` tells what somebody makes of a violation; ``data`` is the ``Review``.
    """

    id: str = ""
    session_id: str
    seq: int = 0
    type: Literal["violation", "observation", "session"]
    stream: str
    name: str
    state: Literal["start", "update", "end"]
    severity: Literal["info", "warning", "critical"] = "info"
    confidence: float = 1.0
    captured_at: float
    frame_age_ms: float = 0.0
    data: dict[str, Any]
    evidence_id: str | None = None

    @property
    def ends_media(self) -> bool:
        """Whether a session's media are over with it; others may come."""
        return self.type == "session" and self.name in ("closed", "session_lost")


class Gap(msgspec.Struct, frozen=True, tag="gap", tag_field="type", omit_defaults=True):
    """In the place of events that will never come: ``missed`` of them, where that is known.

    Sent as the server-sent event ``gap``. ``session_id``: whose, in a session's own stream. ``reason``:
    ``unknown_position`` where the reader named, or had come to, an event that is not there (any more); its
    stream begins anew, or goes on behind the newest event it had that is there still.
    """

    session_id: str = ""
    missed: int | None = None
    reason: str = ""


STREAM_FAILED = "stream_failed"
