"""Has evidence made, and stores what came of it.

::

    violation starts ─▶ Evidence, pending ─▶ event log, with the violation's event
                                 │ Capture
                                 ▼
                             recorder ─▶ files
                                 │ Captured
                                 ▼
                     sealed behind the one before ─▶ event log, with an event that tells its hash

Nobody waits for it: not the scheduler, not the event, not the recorder. What is under way is asked for on
every connection to the recorder, which does each only once; it is given up after five minutes, or after half
a minute where the recorder is away.
"""

import asyncio
import logging
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract.errors import HeldElsewhere
from argusd.scheduler.contract.evidence.messages import (
    Capture,
    Captured,
    ForgetSession,
    FromRecorder,
    SessionForgotten,
    SnapshotTaken,
    ToRecorder,
    WatchSession,
)
from argusd.scheduler.contract.evidence.records import Evidence, evidence_folder
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Finding, Latest
from argusd.scheduler.contract.policy import EvidencePolicy

from ..config import ApiConfig
from ..events.event_log import EventLog
from ..events.event_making import session_event
from ..events.redis_store import STORE_ERRORS
from ..sessions.registry import Registry
from ..sessions.session import Session
from .chain import chain_of, sealed
from .evidence_store import EvidenceStore
from .making import finished, is_kept, pending
from .recorder_link import RecorderLink
from .under_way import UnderWay

log = logging.getLogger(__name__)

FORGOTTEN_WITHIN_S = 3.0
LOOK_EVERY_S = 5.0
RETRY_S = 0.5


class EvidenceKeeper:
    """Between the sessions, the recorder and the event log. ``host_id``: of one of several hosts."""

    def __init__(self, config: ApiConfig, registry: Registry, event_log: EventLog, redis: Redis) -> None:
        self.store = EvidenceStore(redis)
        self.recorder = RecorderLink(config.runtime_dir, self._facts, self._heard)
        self._folder = evidence_folder(config.state_dir)
        self._host_id = config.cluster.host_id if config.cluster else None
        self._registry = registry
        self._event_log = event_log
        self._under_way = UnderWay()
        # One newest result for each stream of sessions that want evidence; a newer one replaces it.
        self._latest: dict[tuple[str, str], Latest] = {}
        self._forgetting: dict[str, asyncio.Event] = {}
        self.ended: Counter[tuple[str, str]] = Counter()  # how often evidence came to this state and reason

    async def run(self) -> None:
        """Stay connected to the recorder and store what it tells, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.recorder.run(), name="link to the recorder")
            tasks.create_task(self._seal_all(), name="sealing evidence")
            tasks.create_task(self._look_after(), name="looking after evidence")

    def lacks(self) -> Iterator[str]:
        """Why no evidence is kept, where some session wants any."""
        if not any(wanted(session).asks for session in self._registry):
            return
        if not self.recorder.healthy:
            yield "the recorder does not answer: no evidence of violations is kept"
        elif self.recorder.stats is not None and self.recorder.stats.full:
            yield "no more evidence is kept: the disk is full, or evidence.max_mib is reached"

    def watch(self, session: Session) -> None:
        """Have the recorder be ready for this session, if its policy says so."""
        self.recorder.send(WatchSession(session.session_id, wanted(session)))

    def latest(self, latest: Latest) -> None:
        """A stream's newest result: what a violation that starts now was seen by."""
        session = self._registry.find(latest.media.session_id)
        if session is not None and wanted(session).asks:
            self._latest[latest.media.session_id, latest.stream] = latest

    def begin(self, session: Session, finding: Finding, hashes: Mapping[str, str]) -> Evidence | None:
        """The evidence of a finding, which is made from now on; None where none is wanted.

        Overflow policy: of what begins while too much is under way nothing is made, and it says so. While
        Redis has been away for so long that even this cannot wait any more, the event is without evidence.
        """
        if not is_kept(finding, wanted(session)) or self._under_way.full:
            return None
        latest = self._latest.get((session.session_id, finding.stream))
        evidence = pending(finding, session.record, latest, hashes, time.time(), self._host_id)
        if evidence.evidence_id in self._under_way:
            return evidence
        has_room = self._under_way.has_room
        self._under_way.begin(evidence, finding.media)
        if has_room:
            self.recorder.send(capture_of(evidence, finding.media, wanted(session)))
        else:
            self._under_way.end(Captured(evidence.evidence_id, None, None, "overloaded"))
        return evidence

    async def of_session(self, session_id: str) -> list[Evidence]:
        """All of a session's, oldest first, as far as it is made."""
        stored = await self.store.of_session(session_id)
        return [self._as_made(each) for each in stored]

    async def find(self, session_id: str, evidence_id: str) -> Evidence | None:
        """One piece of a session's, as far as it is made."""
        found = await self.store.find(session_id, evidence_id)
        return self._as_made(found) if found else None

    def _as_made(self, evidence: Evidence) -> Evidence:
        return evidence if evidence.hash else self._under_way.find(evidence.evidence_id) or evidence

    async def take_over(self, session_ids: Iterable[str]) -> None:
        """Go on with what an earlier api, or another host, has begun of these sessions and not finished."""
        for each in await self.store.of_sessions([*session_ids]):
            if not each.hash:
                self._under_way.begin(each, MediaKey(each.session_id))

    async def forget(self, session_id: str) -> None:
        """Remove all files of a session; what is under way of it is given up."""
        self.let_go(session_id)
        if not self.recorder.connected:
            await asyncio.to_thread(shutil.rmtree, self._folder / session_id, ignore_errors=True)
            return
        forgotten = self._forgetting.setdefault(session_id, asyncio.Event())
        self.recorder.send(ForgetSession(session_id))
        try:
            async with asyncio.timeout(FORGOTTEN_WITHIN_S):
                await forgotten.wait()
        except TimeoutError:
            log.warning(
                "the recorder did not confirm that a session's evidence is removed; it is asked again"
            )
        finally:
            self._forgetting.pop(session_id, None)

    def let_go(self, session_id: str) -> None:
        """Another host has the session by now, or nobody: nothing more is stored of it here."""
        self._under_way.drop_session(session_id)
        for key in [key for key in self._latest if key[0] == session_id]:
            del self._latest[key]
        self.recorder.send(WatchSession(session_id, EvidencePolicy()))

    def _facts(self) -> Iterator[ToRecorder]:
        for session in self._registry:
            if wanted(session).asks:
                yield WatchSession(session.session_id, wanted(session))
        for evidence, media in self._under_way.asked_for():
            if known := self._registry.find(evidence.session_id):
                yield capture_of(evidence, media, wanted(known))

    def _heard(self, message: FromRecorder) -> None:
        if isinstance(message, Captured):
            self._under_way.end(message)
        elif isinstance(message, SnapshotTaken):
            self._under_way.add_snapshot(message.evidence_id, message.snapshot)
        elif isinstance(message, SessionForgotten) and message.session_id in self._forgetting:
            self._forgetting[message.session_id].set()

    async def _seal_all(self) -> None:
        while True:
            session_id, captured = await self._under_way.next_over()
            try:
                await self._seal(session_id, captured)
            except STORE_ERRORS:
                await asyncio.sleep(RETRY_S)

    async def _seal(self, session_id: str, captured: Captured) -> None:
        """Store the evidence behind the newest of its session, and tell its hash."""
        evidence_id = captured.evidence_id
        chain = chain_of(await self.store.of_session(session_id))
        evidence = self._under_way.find(evidence_id)
        if evidence is None:  # the session went meanwhile
            return
        if evidence_id in {each.evidence_id for each in chain}:  # the finding came a second time
            self._under_way.remove(evidence_id)
            return
        done = sealed(finished(evidence, captured), chain[-1] if chain else None)
        event = session_event(
            session_id,
            "evidence",
            "",
            done.reason,
            evidence_id=evidence_id,
            state=done.state,
            hash=done.hash,
        )
        stored = self._event_log.append(event, evidence=done)
        try:
            await stored
        except HeldElsewhere:
            log.warning("another host holds the session of this evidence by now")
        else:
            self.ended[done.state, done.reason] += 1
        self._under_way.remove(evidence_id)

    async def _look_after(self) -> None:
        """Give up what nobody makes, and remove files of sessions that are no more."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self._under_way.end_overdue(away=self.recorder.away)
            stored = self.recorder.stats.stored if self.recorder.stats else []
            try:
                for session_id in [each for each in stored if each not in self._registry]:
                    if not await self.store.has(session_id):
                        await self.forget(session_id)
            except STORE_ERRORS:
                log.info("Redis does not tell which evidence is to stay")


def wanted(session: Session) -> EvidencePolicy:
    """What is to be kept of the session's violations."""
    return session.record.spec.policy.evidence


def capture_of(evidence: Evidence, media: MediaKey, policy: EvidencePolicy) -> Capture:
    """What the recorder is asked for."""
    seen_at = None if evidence.seen_at is msgspec.UNSET else evidence.seen_at
    return Capture(evidence.evidence_id, media, evidence.created_at, policy, seen_at)
