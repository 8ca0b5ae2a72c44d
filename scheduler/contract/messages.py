"""What a scheduler says and hears on its socket (``scheduler-0.sock``, …); the api connects to it.

The api owns sessions and policies: on every connection it sends all of them, says so, then changes. The
scheduler owns findings: it keeps every ``Finding`` until the api acknowledged it, and sends again what was
not acknowledged.
"""

from typing import Any, Literal

import msgspec

from .media import TrackKind
from .media_key import MediaKey
from .policy import Policy


class SessionPolicy(msgspec.Struct, frozen=True, tag="session_policy"):
    """Api → scheduler: watch this session's streams under these thresholds (see ``policy.py``).

    ``streams`` names what is to run: any of face, video, audio. ``every_look``: somebody waits for the result
    of each look, so ``Latest`` is sent for every one. ``kinds``: the tracks that its publisher offered, None
    where there is no offer; a track that a stream needs and nobody offered is lost from the beginning.
    ``version``: which of the session's policies this is; answered by ``PolicyApplied``.
    """

    media: MediaKey
    streams: list[str]
    policy: Policy = Policy()
    every_look: bool = False
    kinds: list[TrackKind] | None = None
    version: int = 1


class PolicyApplied(msgspec.Struct, frozen=True, tag="policy_applied", tag_field="message"):
    """Scheduler → api, where it was sent: the policy of this version is in force.

    What is looked at from now on is judged by it, and so are findings that come after this.
    """

    media: MediaKey
    version: int


class PoliciesListed(msgspec.Struct, frozen=True, tag="policies_listed"):
    """Api → scheduler, once on every connection: these are all policies; media that have none are over."""


class SessionEnded(msgspec.Struct, frozen=True, tag="session_ended"):
    """Api → scheduler: forget these media. Their open violations end first; then comes ``SessionOver``.

    Sent again on every connection, after ``PoliciesListed``, until it is answered or nobody waits for that.
    """

    request: int
    media: MediaKey


class SessionOver(msgspec.Struct, frozen=True, tag="session_over", tag_field="message"):
    """Scheduler → api: the media of ``request`` are over, and nothing more will be found of them.

    ``last_number``: that of the newest finding of this boot which is not acknowledged, 0 where all are. What
    was found of the media is acknowledged, or has no higher number.
    """

    request: int
    boot: str
    last_number: int


class Stopped(msgspec.Struct, frozen=True, tag="stopped", tag_field="message"):
    """Scheduler → api: this boot ends in order, and what it watched is over for it. Answered by ``Left``.

    It has told everything: nothing that is not acknowledged has a higher number than ``last_number``. Tasks
    that were sent until ``Left`` are still done; the connection ends after their answers and after the last
    ``FindingsAck``.
    """

    boot: str
    last_number: int


class Left(msgspec.Struct, frozen=True, tag="left"):
    """Api → scheduler, after ``Stopped``: but ``FindingsAck`` and ``TaskCancelled`` nothing follows."""


class FindingsAck(msgspec.Struct, frozen=True, tag="findings_ack"):
    """Api → scheduler: every finding of this boot up to ``number`` is stored."""

    boot: str
    number: int


class Finding(msgspec.Struct, frozen=True, tag="finding", tag_field="message"):
    """Scheduler → api: one event, before the api gives it its ``seq`` and id.

    ``(boot, number)`` identifies it across resends: ``boot`` is new with every scheduler process, ``number``
    counts from 1 without holes. Times: ``captured_at`` unix seconds of the sender's clock where a sender
    report came, of this host's clock else; ``media_s`` seconds since the stream's first frame or sample.
    """

    boot: str
    number: int
    media: MediaKey
    type: Literal["violation", "observation", "session"]
    stream: str
    name: str
    state: Literal["start", "update", "end"]
    severity: Literal["info", "warning", "critical"]
    confidence: float
    captured_at: float
    media_s: float
    frame_age_ms: float
    data: dict[str, Any]


class Latest(msgspec.Struct, frozen=True, tag="latest", tag_field="message"):
    """Scheduler → api: a stream's newest result, a few a second (or ``every_look``); kept current, no event.

    ``skipped`` counts the frames passed over since the one before; ``models`` maps role to model id.
    ``state`` is ``unknown`` when a track that feeds the stream is stale, ``reason`` why (see
    ``ingest.ipc.messages.TrackState``), or when the stream has failed (``stream_failed``): then ``data`` is
    as ever, but null where nothing is known, and the times are those of the last sign of life.
    """

    media: MediaKey
    stream: str
    captured_at: float
    frame_age_ms: float
    skipped: int
    models: dict[str, str]
    data: dict[str, Any]
    state: Literal["known", "unknown"] = "known"
    reason: str = ""


class TaskRequest(msgspec.Struct, frozen=True, tag="task_request"):
    """Api → scheduler: a one-shot task. ``payload``: msgpack of what the task's spec says (``tasks/``).

    Answered once, by TaskDone or TaskFailed; ``timeout_s`` is what the caller still wants to wait.
    ``traceparent``: the span that asks (see ``logs/trace_context.py``).
    """

    request: int
    session_id: str
    task_type: str
    payload: bytes
    timeout_s: float
    traceparent: str = ""


class TaskCancelled(msgspec.Struct, frozen=True, tag="task_cancelled"):
    """Api → scheduler: nobody waits for ``request`` any more; it is not answered."""

    request: int


class TaskDone(msgspec.Struct, frozen=True, tag="task_done", tag_field="message"):
    """Scheduler → api: the result of ``request``, with the models behind it (role to model id).

    ``seconds``: how long it took here; the rest of the caller's wait was the way.
    """

    request: int
    result: dict[str, Any]
    models: dict[str, str]
    seconds: float


class TaskFailed(msgspec.Struct, frozen=True, tag="task_failed", tag_field="message"):
    """Scheduler → api: why ``request`` has no result; ``code``: see ``errors.py``."""

    request: int
    code: str
    sentence: str


class RoleStatus(msgspec.Struct, frozen=True):
    """One role of the scheduler: its model, and whether a real inference of it has succeeded.

    ``live``: streams look with it. A role that only tasks need leaves the others ready when it is not.
    ``precision``: in which numbers its graph computes, ``f16`` or ``f32``, and why not in the other one where
    that was tried; empty where there is no graph. ``sha256``: of the file that holds its graph.
    """

    role: str
    model: str
    ready: bool
    detail: str
    load_seconds: float
    live: bool = True
    precision: str = ""
    sha256: str = ""


class Histogram(msgspec.Struct, frozen=True):
    """Cumulative counts below each bound (seconds or items), plus their sum and count."""

    bounds: list[float]
    counts: list[int]
    sum: float
    count: int


class SchedulerStats(msgspec.Struct, frozen=True, tag="scheduler_stats", tag_field="message"):
    """Scheduler → api, every second: readiness, load, and the figures behind ``/metrics``."""

    boot: str
    device: str
    roles: list[RoleStatus]
    active_sessions: dict[str, int]
    fits_more: int
    rate_scale: float
    served: dict[str, int]
    dropped: dict[str, dict[str, int]]
    batch_size: dict[str, Histogram]
    infer_seconds: dict[str, Histogram]
    frame_age_seconds: dict[str, Histogram]
    stream_failures: dict[str, dict[str, int]] = {}
    reused: dict[str, int] = {}


ToScheduler = SessionPolicy | PoliciesListed | SessionEnded | Left | FindingsAck | TaskRequest | TaskCancelled
FromScheduler = (
    Finding | Latest | PolicyApplied | SessionOver | Stopped | SchedulerStats | TaskDone | TaskFailed
)
