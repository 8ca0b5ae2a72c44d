"""What ingest workers and schedulers report, and what follows from it for the sessions."""

import logging

from argusd.ingest.ipc.messages import SessionState, TrackState
from argusd.scheduler.contract.events import STREAM_FAILED
from argusd.scheduler.contract.messages import Finding, Latest
from argusd.scheduler.contract.sessions import ACTIVE

from ..events.event_log import EventLog
from ..evidence.keeper import EvidenceKeeper
from ..streams.arena_server import WRITER
from ..streams.live import StreamSockets
from ..workers.ingest_workers import Workers
from ..workers.schedulers import Schedulers
from .lifecycle import Lifecycle
from .registry import Registry
from .session import Session
from .tracks import track_of

log = logging.getLogger(__name__)


class Reports:
    """Listens to every worker and scheduler. The worker owns its sessions' media: its word counts."""

    def __init__(
        self,
        registry: Registry,
        lifecycle: Lifecycle,
        event_log: EventLog,
        workers: Workers,
        schedulers: Schedulers,
        streams: StreamSockets,
        evidence: EvidenceKeeper,
    ) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._event_log = event_log
        self._workers = workers
        self._schedulers = schedulers
        self._streams = streams
        self._evidence = evidence

    def take_over(self) -> None:
        """Go on with the sessions of an earlier api; what came to it over WebSockets is over."""
        for session in self._registry:
            if session.media is not None and session.media.phase in ACTIVE:
                self._lifecycle.resumed(session)
        self.worker_gone(WRITER)

    def booted(self, scheduler: str) -> None:
        """What the scheduler's earlier lives found is over; what goes on, this one starts anew."""
        live = self._schedulers.live
        for session in self._registry if scheduler in live else ():
            schedulers = session.media.schedulers if session.media else ()
            if scheduler in schedulers or not live.keys() >= set(schedulers):
                self._event_log.end_left_open(session.session_id, self._schedulers.boots)
            if session.media and session.media.scheduler == scheduler:
                session.failed.clear()

    def gone(self, scheduler: str) -> None:
        """Sessions that it watched go on elsewhere, where they can, and what was open in them ends."""
        boots = {name: boot for name, boot in self._schedulers.boots.items() if name != scheduler}
        for session in [each for each in self._registry if each.active]:
            if session.media and session.media.scheduler == scheduler:
                self._lifecycle.moved(session)
                if session.media.scheduler != scheduler:
                    self._event_log.end_left_open(session.session_id, boots)

    def found(self, scheduler: str, finding: Finding) -> None:
        """A finding, perhaps not for the first time; of a session that moved away from there it is void."""
        session = self._registry.find(finding.media.session_id)
        media = session.media if session else None
        known = session is not None and (
            media is None or not media.schedulers or scheduler in media.schedulers
        )
        evidence = (
            self._evidence.begin(session, finding, self._schedulers.model_hashes)
            if session is not None and known
            else None
        )
        self._event_log.found(scheduler, finding, known, evidence)

    def latest(self, latest: Latest) -> None:
        """A stream's newest result."""
        self._streams.answer(latest)
        self._evidence.latest(latest)
        session = self._registry.find(latest.media.session_id)
        if session is not None and latest.stream in session.streams:
            session.tell_failed(latest.stream, failed=latest.reason == STREAM_FAILED)
            self._event_log.latest(latest)

    def media_changed(self, worker: str, state: SessionState) -> None:
        """A session's media came into another state."""
        session = self._registry.find(state.session_id)
        if session is None or session not in self._at(worker):
            return
        if state.state == "closed":
            self._lifecycle.closed(session, state.reason, state.detail)
        elif session.state != state.state:
            self._lifecycle.progressed(session, state.state, state.reason)

    def track_changed(self, worker: str, state: TrackState) -> None:
        """A session's track stands otherwise than before, or a worker tells again where it does."""
        session = self._registry.find(state.media.session_id)
        if session is not None and session in self._at(worker):
            self._lifecycle.track_changed(session, track_of(state))

    def media_listed(self, worker: str, session_ids: frozenset[str]) -> None:
        """After connecting: these are all the sessions that the worker holds."""
        known = self._at(worker)
        for session in known:
            if session.session_id not in session_ids:
                self._lifecycle.lost(session, "not_at_worker")
        for session_id in session_ids - {session.session_id for session in known}:
            log.warning("%s holds a session that nobody can reach; closing it", worker)
            if link := self._workers.find(worker):
                link.close(session_id)

    def worker_gone(self, worker: str) -> None:
        """The worker is not there (any more), and its sessions neither."""
        for session in self._at(worker):
            self._lifecycle.lost(session, "worker_gone")

    def _at(self, worker: str) -> list[Session]:
        return [each for each in self._registry if each.active and each.media and each.media.worker == worker]
