"""The one way into Redis: findings and session events are stored here before anybody sees them.

::

    scheduler ──Finding───▶ ┌────────┐  one MULTI: events, violation counts,  ┌───────┐
    lifecycle ──LogEntry──▶ │ buffer │ ─────── media, origins' numbers ─────▶ │ Redis │
                            └────────┘                                        └───┬───┘
             FindingsAck ◀── stored ── feeds have news: readers fetch ◀───────────┘

An entry's ``(origin, number)`` is stored in the transaction that stores the entry. Whatever is sent or tried
again, by a scheduler that heard no ack or after a write whose answer was lost, is recognised by that and
passed over: every event is stored once, across restarts of the api, the scheduler and Redis.

While Redis is away the buffer fills. Its overflow policy: the oldest finding goes, its session's seq is spent
without an event, and readers see that hole as a ``gap``.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from argusd.scheduler.contract.errors import HeldElsewhere
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.evidence.records import Evidence
from argusd.scheduler.contract.messages import Finding, Latest
from argusd.scheduler.contract.results import StreamResult
from argusd.scheduler.contract.reviews.reviews import Review

from ..config import ApiConfig
from ..sessions.session import Media
from ..store.troubles import trouble
from ..store.unreadable import Unreadable
from .event_making import event_of, review_event
from .event_store import EventStore
from .feeds import Feeds
from .log_entries import Append, Change, EndLeftOpen, Erase, Forget, Keep, LogEntry, Skip
from .redis_store import STORE_ERRORS
from .transaction import Fence

log = logging.getLogger(__name__)

BATCH = 256
RETRY_S = 0.2
LATEST_EVERY_S = 0.25


class EventLog:
    """``append``, ``found`` and ``latest`` never wait; ``run`` does the writing.

    While nothing can be written it is ``stalled``; ``refusal`` says why where Redis answers but does not want
    to.
    ``stored(origin, number)`` is called when everything of this origin up to the number is in Redis,
    ``let_go(session_id)`` when it shows that another host holds a session (see ``transaction.py``), and
    ``violations_changed(session_ids)`` when something about violations of these is stored, or all is erased.
    """

    def __init__(
        self,
        redis: Redis,
        config: ApiConfig,
        feeds: Feeds,
        boot: str,
        stored: Callable[[str, int], None],
        unreadable: Unreadable,
        fence: Fence | None = None,
    ) -> None:
        self._redis = redis
        self._limit = config.journal_entries
        self._feeds = feeds
        self._boot = boot
        self._stored = stored
        self._numbers = count(1)
        self._store = EventStore(config, unreadable, fence)
        self._entries: deque[LogEntry] = deque()
        self._writing: list[LogEntry] = []
        self._waiting: dict[int, asyncio.Future[None]] = {}
        # One newest result for each stream: bounded by the sessions; a newer one replaces it.
        self._latest: dict[tuple[str, str], Latest] = {}
        self._lost: Counter[str] = Counter()
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.stalled = False
        self.refusal: str | None = None
        self.let_go: Callable[[str], None] = lambda _: None
        self.violations_changed: Callable[[set[str]], None] = lambda _: None
        self.stored_events = 0
        self.lost_events = 0
        self.fenced_events = 0

    @property
    def buffered(self) -> int:
        """Entries that are not in Redis yet."""
        return len(self._writing) + len(self._entries)

    def append(
        self, event: Event, media: Media | None = None, evidence: Evidence | None = None
    ) -> asyncio.Future[None]:
        """Store an event of the api's own; the future is done when it is in Redis."""
        return self._own(event.session_id, Append(event, media, evidence=evidence))

    def review(self, session_id: str, review: Review) -> asyncio.Future[None]:
        """Store what somebody makes of a violation, and its event; the future is done when it is in Redis."""
        return self._own(session_id, Append(review_event(session_id, review), review=review))

    def keep(self, session_id: str, media: Media) -> None:
        """Store where a session's media is now, without an event."""
        self._own(session_id, Keep(media))

    def erase(self, session_id: str, places: Sequence[int] = ()) -> asyncio.Future[None]:
        """Remove all that is stored of a session; the future is done when it is gone.

        ``places``: those of its events among all sessions' (see ``History.places``).
        """
        for key in [key for key in self._latest if key[0] == session_id]:
            del self._latest[key]
        return self._own(session_id, Erase(places))

    def forget(self, session_id: str, streams: Iterable[str]) -> None:
        """Remove the newest results of these streams of a session."""
        gone = tuple(streams)
        for stream in gone:
            self._latest.pop((session_id, stream), None)
        if gone:
            self._own(session_id, Forget(gone))

    def end_left_open(self, session_id: str, boots: Mapping[str, str | None]) -> None:
        """End what schedulers that are no more have left open in a session; ``boots``: see ``left_open``."""
        self._own(session_id, EndLeftOpen(boots))

    def found(self, scheduler: str, finding: Finding, known: bool, evidence: Evidence | None = None) -> None:
        """Store a finding; that of a session nobody knows any more is only marked as seen."""
        event = event_of(finding, evidence.evidence_id if evidence else None)
        change = Append(event, scheduler=scheduler, evidence=evidence) if known else Skip()
        self._put(LogEntry(finding.boot, finding.number, finding.media.session_id, change))

    def latest(self, latest: Latest) -> None:
        """Keep a stream's newest result current, at most four times a second."""
        if not self._latest:
            asyncio.get_running_loop().call_later(LATEST_EVERY_S, self._work.set)
        self._latest[latest.media.session_id, latest.stream] = latest

    async def drain(self) -> None:
        """Return once everything is stored; takes for ever while Redis is away."""
        await self._idle.wait()

    async def run(self) -> None:
        """Write, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            await self._write_some()
            if self._entries:
                self._work.set()
            else:
                self._idle.set()

    def _own(self, session_id: str, change: Change) -> asyncio.Future[None]:
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._put(LogEntry(self._boot, number, session_id, change))
        return future

    def _put(self, entry: LogEntry) -> None:
        if len(self._entries) >= self._limit:
            self._lose_oldest()
        self._entries.append(entry)
        self._idle.clear()
        self._work.set()

    def _lose_oldest(self) -> None:
        for place, entry in enumerate(self._entries):
            if entry.origin != self._boot:  # session events are few, and others wait for them
                del self._entries[place]
                self._lost[entry.session_id] += isinstance(entry.change, Append)
                self.lost_events += isinstance(entry.change, Append)
                return

    async def _write_some(self) -> None:
        batch = self._writing = [self._entries.popleft() for _ in range(min(BATCH, len(self._entries)))]
        latest, self._latest = self._latest, {}
        lost, self._lost = self._lost, Counter()
        try:
            refused = await self._write(batch, latest, lost)
        except STORE_ERRORS as error:
            if not self.stalled:
                log.warning("Redis takes no events, they wait: %s", trouble(error) or type(error).__name__)
            self.stalled, self.refusal = True, refusal(error)
            self._store.forget()
            self._take_back(batch, latest)
            self._lost.update(lost)
            await asyncio.sleep(RETRY_S)
            self._work.set()
        else:
            self.stalled, self.refusal = False, None
            self._writing = []
            self._tell(batch, refused)

    def _take_back(self, batch: list[LogEntry], latest: dict[tuple[str, str], Latest]) -> None:
        """Write these another time, but for the results of sessions that are to be erased since."""
        erased = {entry.session_id for entry in self._entries if isinstance(entry.change, Erase)}
        kept = {key: newest for key, newest in latest.items() if key[0] not in erased}
        self._latest = kept | self._latest
        self._writing = []
        self._entries.extendleft(reversed(batch))

    async def _write(
        self, batch: list[LogEntry], latest: dict[tuple[str, str], Latest], lost: Counter[str]
    ) -> frozenset[str]:
        """Store them; the sessions of which nothing was, since another host holds them."""
        origins = {entry.origin for entry in batch}
        changed = {entry.session_id for entry in batch if not isinstance(entry.change, Skip)}
        changed |= {*lost, *(session_id for session_id, _ in latest)}
        await self._store.load(self._redis, origins, changed)
        pipe = self._store.transaction(self._redis)
        for session_id, missing in lost.items():
            self._store.skip(pipe, session_id, missing)
        for entry in batch:
            self._store.stage(pipe, entry)
        for (session_id, stream), newest in latest.items():
            result = msgspec.json.encode(stream_result(newest))
            self._store.stage_latest(pipe, session_id, stream, result)
        self._store.stage_ends(pipe, origins)
        refused, place = await pipe.execute()
        self._store.stored(changed - refused, place)
        return refused

    def _tell(self, batch: list[LogEntry], refused: frozenset[str]) -> None:
        stored = [entry for entry in batch if entry.session_id not in refused]
        events = sum(isinstance(entry.change, Append) for entry in stored)
        self.stored_events += events
        self.fenced_events += sum(isinstance(entry.change, Append) for entry in batch) - events
        self.violations_changed({entry.session_id for entry in stored if about_violations(entry.change)})
        self._feeds.stored({entry.session_id for entry in stored})
        for origin in {entry.origin for entry in batch}:
            self._stored(origin, self._store.position(origin))
        for session_id in refused:
            self._store.forget_session(session_id)
            self.let_go(session_id)
        for entry in stored:
            if isinstance(entry.change, Erase):
                self._store.forget_session(entry.session_id)
                self._feeds.erased(entry.session_id)
        for entry in batch:
            if entry.origin == self._boot and not (future := self._waiting.pop(entry.number)).done():
                if entry.session_id in refused:
                    future.set_exception(HeldElsewhere("Another host holds this session by now."))
                    future.exception()  # somebody may wait for it, or nobody
                else:
                    future.set_result(None)


def refusal(error: BaseException) -> str | None:
    """Why Redis refuses to write; None where it does not answer."""
    return trouble(error) or ("Redis refuses to write" if isinstance(error, ResponseError) else None)


def about_violations(change: Change) -> bool:
    """Whether it changes what violations a session has, or what people have made of them."""
    if isinstance(change, Append):
        return change.event.type == "violation" or change.review is not None
    return isinstance(change, EndLeftOpen | Erase)


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
