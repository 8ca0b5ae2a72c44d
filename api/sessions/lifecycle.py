"""The states of a session's media, and who has to hear when they change.

::

    created ─▶ connecting ─▶ live ⇄ stale ─▶ closed | lost ─▶ (connecting …)

Each change is a session event, stored together with the new state. One scheduler watches a session, exactly
as long as its media is there.
"""

import asyncio
import time
from collections.abc import Iterable
from math import inf

import msgspec

from argusd.scheduler.contract.catalog import STREAMS, StreamName, feeds, pictures_hz
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.sessions import ACTIVE, MediaPhase, Track

from ..events.event_log import EventLog
from ..events.event_making import session_event
from ..evidence.keeper import EvidenceKeeper
from ..workers.ingest_workers import Workers
from ..workers.scheduler_link import SchedulerLink
from ..workers.schedulers import Schedulers
from .closings import Closings
from .session import Ending, Media, Session
from .tracks import about, awaited, track_event, with_track

MOVES_EVERY_S = 60.0


class Lifecycle:
    """Moves sessions from state to state."""

    def __init__(
        self, event_log: EventLog, workers: Workers, schedulers: Schedulers, evidence: EvidenceKeeper
    ) -> None:
        self._event_log = event_log
        self._workers = workers
        self._schedulers = schedulers
        self._evidence = evidence
        self.closings = Closings(event_log)
        self._over: dict[str, asyncio.Event] = {}

    def opened(self, session: Session, media: Media) -> asyncio.Future[None]:
        """A worker has answered the session's publisher; the future is done when that is stored."""
        self.closings.release(session.session_id)
        tracks = () if media.sockets else awaited(media.kinds)
        never_live = session.media is None or session.media.never_live
        media = msgspec.structs.replace(media, tracks=tracks, never_live=never_live)
        media = session.media = self._placed(media, session.media or media)
        self._over[session.session_id] = asyncio.Event()
        session.failed.clear()
        self._event_log.forget(session.session_id, STREAMS)  # what an earlier publisher showed
        self._watch(session)
        connecting = session_event(session.session_id, "connecting", media.worker, "")
        return self._event_log.append(connecting, media)

    def sockets_changed(self, session: Session, sockets: tuple[StreamName, ...]) -> None:
        """Other streams of the session have a WebSocket now than before; at least one has."""
        assert session.media is not None, "only a session with media has sockets"
        gone = set(session.sockets) - set(sockets)
        for stream in gone:
            self._scheduler_of(session).unwatch(MediaKey(session.session_id, stream)).cancel()
        self._event_log.forget(session.session_id, gone)
        tracks = tuple(track for track in session.media.tracks if track.stream in sockets)
        session.media = msgspec.structs.replace(session.media, sockets=sockets, tracks=tracks)
        self._watch(session)

    def streams_changed(self, session: Session, before: Iterable[str]) -> None:
        """Something else is to be watched than ``before``, or differently."""
        self._watch(session)
        self._event_log.forget(session.session_id, set(before) - set(session.streams))

    def resumed(self, session: Session) -> None:
        """An earlier api's session goes on; one whose scheduler is not configured any more gets another."""
        assert session.media is not None, "only media go on"
        session.media = self._placed(session.media, session.media)
        if session.media.ending is None:
            self._watch(session)
        else:
            self.closings.await_findings(session, self._scheduler_of(session))

    def moved(self, session: Session) -> None:
        """Its scheduler broke off: another one watches on, if there is one.

        At most once a minute: what the session shows may be what broke it, and would break one after another.
        """
        assert session.media is not None, "only media are watched"
        lost, now = self._scheduler_of(session), time.monotonic()
        name = self._schedulers.place_session(lost.name) if now >= session.may_move_at else lost.name
        if name == lost.name:
            return
        session.may_move_at = now + MOVES_EVERY_S
        self._unwatch(session)
        others = (each for each in session.media.schedulers if each not in (lost.name, name))
        session.media = msgspec.structs.replace(session.media, scheduler=name, schedulers=(*others, name))
        self._event_log.keep(session.session_id, session.media)
        session.failed.clear()
        self._watch(session)

    def progressed(self, session: Session, phase: MediaPhase, reason: str) -> None:
        """The media goes on in this phase."""
        media = self._move(session, phase)
        self._event_log.append(session_event(session.session_id, phase, media.worker, reason), media)

    def track_changed(self, session: Session, track: Track) -> None:
        """One of the session's tracks stands otherwise than before."""
        assert session.media is not None, "only a session with media has tracks"
        name = track_event(session.media.tracks, track)
        tracks = with_track(session.media.tracks, track)
        media = session.media = msgspec.structs.replace(session.media, tracks=tracks)
        if name is not None:
            event = session_event(session.session_id, name, media.worker, track.reason, **about(track))
            self._event_log.append(event, media)

    def lost(self, session: Session, reason: str) -> None:
        """The media is gone with its worker: told at once."""
        self.closings.await_findings(session, self._scheduler_of(session))
        self._tell_lost(session, reason)
        self._tell_over(session)

    def adopted(self, session: Session) -> None:
        """The session was another host's, which is no more: what there was of its media is lost."""
        self._event_log.end_left_open(session.session_id, {})
        if session.media is not None and session.media.ending is not None:
            self.closings.unheard(session)
        elif session.media is not None and session.media.phase in ACTIVE:
            self._tell_lost(session, "host_lost")

    def let_go(self, session: Session) -> None:
        """Another host holds the session by now: nobody watches it here, and nothing is told."""
        if session.active:
            self._unwatch(session)
        self.closings.drop(session.session_id)
        self._tell_over(session)

    def closed(self, session: Session, reason: str, detail: str = "") -> None:
        """The media has ended in order: told after the last findings, with a sentence where there is one."""
        self.closings.begin(session, self._scheduler_of(session), Ending(reason, detail))
        self._tell_over(session)

    async def over(self, session: Session) -> None:
        """Return when the session's media has ended."""
        while session.active:
            await self._over.setdefault(session.session_id, asyncio.Event()).wait()

    def policy_in_force(self, session: Session) -> int | None:
        """The version of the policy that all of the session's media are judged by; None: not known so far."""
        if not session.active:
            return None
        return self._scheduler_of(session).policy_in_force(session.media_keys)

    def _tell_lost(self, session: Session, reason: str) -> None:
        media = self._move(session, "lost")
        self._event_log.append(session_event(session.session_id, "session_lost", media.worker, reason), media)

    def _tell_over(self, session: Session) -> None:
        if event := self._over.pop(session.session_id, None):
            event.set()

    def _placed(self, media: Media, earlier: Media) -> Media:
        """The media at a scheduler: at that of the session's earlier ones, if it can be."""
        scheduler = self._schedulers.place_session(earlier.scheduler)
        schedulers = tuple(dict.fromkeys((*earlier.schedulers, scheduler)))
        return msgspec.structs.replace(media, scheduler=scheduler, schedulers=schedulers)

    def _watch(self, session: Session) -> None:
        self._evidence.watch(session)
        for policy in policies_of(session):
            self._scheduler_of(session).watch(policy)
        assert session.media is not None, "only media are watched"
        if worker := self._workers.find(session.media.worker):
            hz = pictures_hz_of(session, self._scheduler_of(session))
            worker.want(session.session_id, wanted_kinds(session), hz)

    def _unwatch(self, session: Session) -> None:
        """Have nobody watch any of its media, and wait for no last findings."""
        for media in session.media_keys:
            self._scheduler_of(session).unwatch(media).cancel()

    def _scheduler_of(self, session: Session) -> SchedulerLink:
        assert session.media is not None, "only a session with media has a scheduler"
        return self._schedulers.live[session.media.scheduler]

    def _move(self, session: Session, phase: MediaPhase) -> Media:
        assert session.media is not None, "only a session with media changes its phase"
        never_live = session.media.never_live and phase != "live"
        session.media = msgspec.structs.replace(
            session.media, phase=phase, changed_at=time.time(), never_live=never_live
        )
        return session.media


def wanted_kinds(session: Session) -> tuple[TrackKind, ...]:
    """The tracks of its publisher that any of its streams needs."""
    kinds = session.media.kinds if session.media else ()
    return tuple(kind for kind in kinds if feeds(kind, session.streams))


def pictures_hz_of(session: Session, scheduler: SchedulerLink) -> float:
    """The most pictures a second that its scheduler looks at; infinity while that has not told its roles."""
    if scheduler.stats is None:
        return inf
    roles = {role.role for role in scheduler.stats.roles if role.ready}
    return pictures_hz(session.streams, session.record.spec.policy, roles)


def policies_of(session: Session) -> list[SessionPolicy]:
    """What the scheduler is to watch in this session.

    One policy is about a publisher's media, one about each WebSocket's.
    """
    policy, version = session.record.spec.policy, session.record.version
    if session.sockets:
        return [
            SessionPolicy(media, [media.stream], policy, every_look=True, version=version)
            for media in session.media_keys
            if media.stream is not None
        ]
    kinds = list(session.media.kinds) if session.media else None
    return [
        SessionPolicy(media, session.streams, policy, kinds=kinds, version=version)
        for media in session.media_keys
    ]
