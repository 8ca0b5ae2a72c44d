"""A session as the registry keeps it."""

import re

import msgspec

from argusd.scheduler.contract.catalog import StreamName, streams_of
from argusd.scheduler.contract.errors import InvalidField
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.names import IN_WORDS, NAME
from argusd.scheduler.contract.policy import with_references, without_references
from argusd.scheduler.contract.sessions import (
    ACTIVE,
    MediaPhase,
    SessionSpec,
    SessionView,
    Track,
    TrackView,
)

from .tracks import Receptions, track_view


class SessionRecord(msgspec.Struct, frozen=True):
    """What a caller asked for, as it lies in Redis. Times are unix seconds.

    ``version`` counts how often something was asked for this session.
    """

    spec: SessionSpec
    created_at: float
    updated_at: float
    version: int = 1


class Ending(msgspec.Struct, frozen=True):
    """Why media ended (see ``ingest.ipc.messages.SessionState``), in a sentence where there is one."""

    reason: str
    detail: str = ""


class Media(msgspec.Struct, frozen=True):
    """Where a session's media is. ``resource`` is the secret part of the WHIP resource's URL.

    ``kinds``: the tracks that were accepted. ``ice_ufrag``: the peer's, to tell trickle from restart.
    ``changed_at``: unix seconds of the phase's begin. ``sockets``: the streams whose media come over a
    WebSocket each; then there is no resource, and ``worker`` is the api itself. ``principal``: who brings
    the media (see ``auth.py``). ``tracks``: those of ``kinds``, or of the sockets, that were heard of.
    ``scheduler``: the live scheduler that watches them; ``schedulers``: all that have watched the session.
    ``ending``: they have ended, and the event that says so is held back (see ``closings.py``).
    ``never_live``: neither these nor any earlier media of the session ever flowed.
    """

    phase: MediaPhase
    worker: str
    resource: str
    ice_ufrag: str
    kinds: tuple[TrackKind, ...]
    changed_at: float
    sockets: tuple[StreamName, ...] = ()
    principal: str = ""
    tracks: tuple[Track, ...] = ()
    scheduler: str = ""
    schedulers: tuple[str, ...] = ()
    ending: Ending | None = None
    never_live: bool = False


class Session(msgspec.Struct):
    """One session in the registry's memory.

    ``failed``: its streams that broke down and ended. ``may_move_at``: monotonic seconds before which it
    waits for a scheduler that broke off.
    """

    session_id: str
    record: SessionRecord
    media: Media | None = None
    failed: set[str] = set()
    may_move_at: float = 0.0

    @property
    def active(self) -> bool:
        """Whether a publisher's media is (about to be) there."""
        return self.media is not None and self.media.phase in ACTIVE and self.media.ending is None

    @property
    def state(self) -> str:
        """``created`` before any media, the media's phase then."""
        if self.media is None:
            return "created"
        return self.media.phase if self.media.ending is None else "closed"

    @property
    def unused(self) -> bool:
        """Whether nobody defined it and it never had media: all that there was of it is an offer."""
        offered = self.media is not None and self.media.never_live and not self.active
        return offered and self.record.version == 1 and self.record.spec == SessionSpec()

    @property
    def media_keys(self) -> list[MediaKey]:
        """Those of the publisher's media, or of each WebSocket's."""
        sockets = self.media.sockets if self.media else ()
        return [MediaKey(self.session_id, stream) for stream in sockets or (None,)]

    @property
    def updated_at(self) -> float:
        """Unix seconds of the newest change, by a caller or of the media."""
        return max(self.record.updated_at, self.media.changed_at if self.media else 0.0)

    @property
    def sockets(self) -> tuple[StreamName, ...]:
        """The streams whose media come over a WebSocket each; none where a publisher's do."""
        return self.media.sockets if self.media and self.active else ()

    def tell_failed(self, stream: str, *, failed: bool) -> None:
        """Whether this stream has failed, as its newest result says."""
        (self.failed.add if failed else self.failed.discard)(stream)

    @property
    def streams(self) -> list[str]:
        """The streams to run: the open sockets', the caller's choice, or all that the tracks allow."""
        if self.sockets:
            return list(self.sockets)
        if self.record.spec.streams is not None:
            return list(self.record.spec.streams)
        kinds = self.media.kinds if self.media else ()
        return list(streams_of(kinds))


def view(
    session: Session, receptions: Receptions, policy_in_force: int | None, host_id: str | None
) -> SessionView:
    """What callers may know of the session; the resource's secret and reference embeddings stay here."""
    record = session.record
    return SessionView(
        session_id=session.session_id,
        state=session.state,
        streams=session.streams,
        policy=without_references(record.spec.policy),
        worker_id=session.media.worker if session.media and session.active else None,
        created_at=record.created_at,
        updated_at=session.updated_at,
        tracks=track_views(session, receptions),
        failed_streams=[name for name in session.streams if name in session.failed],
        policy_version=record.version,
        policy_in_force=policy_in_force,
        scheduler_id=session.media.scheduler if session.media and session.active else None,
        host_id=host_id,
    )


def track_views(session: Session, receptions: Receptions) -> list[TrackView]:
    """Its tracks as callers see them, while its media is there."""
    tracks = session.media.tracks if session.media and session.active else ()
    return [track_view(track, receptions.get((session.session_id, track.kind))) for track in tracks]


def check_session_id(session_id: str) -> str:
    """The id itself.

    Raises:
        InvalidField: it is empty, too long, or has other characters than letters, digits and ``_.:-``.
    """
    if not re.fullmatch(NAME, session_id):
        raise InvalidField(f"The session_id must be {IN_WORDS}.")
    return session_id


def completed(spec: SessionSpec, known: Session | None) -> SessionSpec:
    """What is asked for in full, since a session's own view may be sent back and changes nothing.

    Raises:
        InvalidField, NoReference: see ``check_spec`` and ``with_references``.
    """
    before = known.record.spec if known is not None else SessionSpec()
    shown = known is not None and spec.streams == tuple(known.streams)
    streams = before.streams if shown else spec.streams
    policy = with_references(spec.policy, before.policy)
    return check_spec(msgspec.structs.replace(spec, streams=streams, policy=policy))


def check_spec(spec: SessionSpec) -> SessionSpec:
    """The spec itself.

    Raises:
        InvalidField: it names no stream at all, or one twice.
    """
    if spec.streams is not None and (not spec.streams or len(set(spec.streams)) < len(spec.streams)):
        raise InvalidField("The field streams must name at least one stream, and each only once.")
    return spec
