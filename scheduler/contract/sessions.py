"""What callers say and see of a session."""

from typing import Annotated, Literal

import msgspec

from .catalog import StreamName
from .media import TrackKind
from .policy import Policy

MediaPhase = Literal["connecting", "live", "stale", "closed", "lost"]

ACTIVE: tuple[MediaPhase, ...] = ("connecting", "live", "stale")


class SessionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT /sessions/{session_id}``: what to watch, and under which thresholds.

    Without ``streams`` everything is watched that the publisher's tracks allow. A reference embedding that is
    empty, as a view has it, stays what it was.
    """

    streams: Annotated[
        tuple[StreamName, ...] | None,
        msgspec.Meta(extra_json_schema={"minItems": 1, "uniqueItems": True}),
    ] = None
    policy: Policy = Policy()


class Track(msgspec.Struct, frozen=True):
    """Where one of a session's tracks stands: whether pictures or sound come of it.

    ``reason``: why a stale one brings nothing, see ``ingest.ipc.messages.TrackState``. ``since``: unix
    seconds when it came to stand so; of a stale one, when it last brought anything. ``stream``: that of
    the WebSocket which brings it; null for a publisher's.
    """

    kind: TrackKind
    state: Literal["connecting", "live", "stale"] = "connecting"
    reason: str = ""
    since: float = 0.0
    stream: StreamName | None = None


class TrackView(Track, frozen=True):
    """A track as callers see it: where it stands, and how it arrived over the last second.

    The latter is null before its first packet, and for what a WebSocket brings. ``codec``: vp8, h264, vp9,
    av1 or opus. ``width``, ``height``: of the newest picture, upright. ``bits_per_second``: of the media
    alone. ``loss``: the share of the packets, 0..1, that did not come at first. ``jitter_ms``: how unevenly
    they come (RFC 3550). ``has_clock``: whether its sender tells the time, so that ``captured_at`` is known.
    ``round_trip_ms``: to the sender and back, where it helps to measure.
    """

    codec: str | None = None
    width: int | None = None
    height: int | None = None
    frames_per_second: float | None = None
    bits_per_second: int | None = None
    loss: float | None = None
    jitter_ms: float | None = None
    has_clock: bool | None = None
    round_trip_ms: float | None = None


class SessionView(msgspec.Struct, frozen=True):
    """A session as callers see it. ``state``: created, connecting, live, stale, closed or lost.

    ``tracks``: where each of its tracks stands, and how it arrives, while its media is there.
    ``failed_streams``: those of ``streams`` that broke down and ended (see the event ``stream_failed``).
    ``policy_version`` counts what was asked for this session; ``policy_in_force``: the version by which its
    media are judged now, null while there are none, or while their scheduler has not said so.
    ``worker_id``, ``scheduler_id``: the processes that take its media in, and that watch them. ``host_id``:
    the host that holds it, null where there is only one.
    """

    session_id: str
    state: str
    streams: list[str]
    policy: Policy
    worker_id: str | None
    created_at: float
    updated_at: float
    tracks: list[TrackView] = []
    failed_streams: list[str] = []
    policy_version: int = 1
    policy_in_force: int | None = None
    scheduler_id: str | None = None
    host_id: str | None = None


SessionBody = msgspec.defstruct(
    "SessionBody",
    [
        (field.name, field.type | msgspec.UnsetType, msgspec.UNSET)
        for field in msgspec.structs.fields(SessionView)
        if field.name not in SessionSpec.__struct_fields__
    ],
    bases=(SessionSpec,),
    frozen=True,
    forbid_unknown_fields=True,
    namespace={
        "__doc__": "The body of ``PUT /sessions/{session_id}``: what to watch, and how; or the session's own"
        " view, of which the rest is passed over."
    },
    module=__name__,
)


class PolicyState(msgspec.Struct, frozen=True):
    """The part of ``SessionView`` that tells when a policy is in force."""

    policy_version: int
    policy_in_force: int | None


class SessionList(msgspec.Struct, frozen=True):
    """The body of ``GET /sessions``. ``fits_more``: sessions that still fit; null while it is unknown.

    ``hosts_missing``: hosts that did not tell of theirs; absent where there is only one host.
    """

    sessions: list[SessionView]
    fits_more: int | None
    hosts_missing: list[str] | msgspec.UnsetType = msgspec.UNSET
