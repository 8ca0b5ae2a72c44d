"""The sessions the api knows: in memory, and in Redis so that a restarted api finds them again."""

import asyncio
import time
from collections.abc import Callable, Iterator
from weakref import WeakValueDictionary

import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import (
    HeldElsewhere,
    Overloaded,
    SessionNotFound,
    StoreUnavailable,
)
from argusd.scheduler.contract.sessions import SessionSpec

from ..config import ApiConfig
from ..events.transaction import commands_only
from ..hosts.claims import CLAIM_S, Claims
from ..store.unreadable import Unreadable
from .ages import Ages
from .records import Records
from .session import Session, SessionRecord, completed

AWAITED_S = 60.0  # who sets a session up so long before its media finds what room there is then
ERASED_WITHIN_S = 3.0
UNUSED_S = 120.0  # a flood of offers would fill the registry for hours; who came and failed can ask why


class Registry:
    """Session id → Session. What callers ask is written at once; media states go through the event_log.

    ``claims``: where several hosts share the Redis. The registry knows the sessions that this one holds, and
    calls ``adopted`` with one that a dead host held.
    """

    def __init__(
        self, redis: Redis, config: ApiConfig, unreadable: Unreadable, claims: Claims | None = None
    ) -> None:
        self._redis = redis
        self._config = config
        self._claims = claims
        self.adopted: Callable[[Session], None] = lambda _: None
        self._held = keys.held(claims.host_id if claims else "")
        self._records = Records(redis, unreadable, config.retention_s, self._held)
        self._sessions: dict[str, Session] = {}
        self._ages = Ages()
        self._taken: list[str] = []  # since that was asked last, at the latest beat
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._erasing: dict[str, asyncio.Future[None]] = {}

    @property
    def retention_s(self) -> int:
        """How long sessions without media are kept."""
        return self._config.retention_s

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._sessions

    def get(self, session_id: str) -> Session:
        """The session.

        Raises:
            SessionNotFound: there is none.
        """
        session = self._sessions.get(session_id)
        if session is None:
            raise SessionNotFound("There is no session with this id.")
        return session

    def find(self, session_id: str) -> Session | None:
        """The session, if there is one."""
        return self._sessions.get(session_id)

    def is_live(self, session_id: str) -> bool:
        """Whether there is such a session and its media have not ended."""
        session = self.find(session_id)
        return session is not None and session.active

    async def load(self) -> None:
        """Take in what an earlier api has written, as far as it can be read."""
        await self._records.take_in_older()
        session_ids = await self._records.held()
        if self._claims is not None:
            known, session_ids = session_ids, await self._claims.held_of(session_ids)
            if others := set(known) - set(session_ids):
                await self._redis.srem(self._held, *others)
        for session in sorted(await self._records.read(session_ids), key=lambda each: each.record.created_at):
            self._take_in(session)

    async def adopt(self, session_id: str) -> Session | None:
        """Take in a session that another host held, if it is stored and can be read."""
        async with self.writing(session_id):
            return self.find(session_id) or await self._adopt(session_id)

    async def _adopt(self, session_id: str) -> Session | None:
        await self._redis.sadd(self._held, session_id)
        await self._redis.persist(keys.record(session_id))
        await self._redis.expire(keys.holder(session_id), CLAIM_S)
        for session in await self._records.read([session_id]):
            self.adopted(self._come(session))
            return session
        return None

    def _come(self, session: Session) -> Session:
        if self._claims is not None:
            self._taken.append(session.session_id)
        return self._take_in(session)

    def _take_in(self, session: Session) -> Session:
        self._sessions[session.session_id] = session
        self._ages.begin(session.session_id, session.updated_at, time.monotonic())
        return session

    async def put(self, session_id: str, spec: SessionSpec) -> tuple[Session, bool]:
        """Create the session or replace what was asked for it, one after the other; True when it is new.

        Raises:
            Overloaded: the registry is full.
            InvalidField, NoReference: see ``completed``.
        """
        async with self.writing(session_id):
            known = await self._claimed(session_id)
            return await self._put(session_id, completed(spec, known))

    async def ensure(self, session_id: str) -> Session:
        """The session, made now if nobody has asked for it yet.

        Raises:
            Overloaded: the registry is full.
        """
        async with self.writing(session_id):
            known = await self._claimed(session_id)
            return known or (await self._put(session_id, SessionSpec()))[0]

    async def _claimed(self, session_id: str) -> Session | None:
        """The session, if it is known: here, or where several hosts share the Redis to the one before.

        Raises:
            HeldElsewhere: another host holds it.
            Overloaded: this host has no room for one that nobody holds.
            StoreUnavailable: Redis does not answer, or has not erased the one before yet.
        """
        if erasing := self._erasing.get(session_id):
            await asyncio.wait([erasing], timeout=ERASED_WITHIN_S)
            if not erasing.done():
                raise StoreUnavailable("The session that had this id is not erased yet; try again.")
        known = self.find(session_id)
        if self._claims is None:
            return known
        if known is None and await self._claims.holder(session_id) is None:
            self._claims.forget(session_id)  # placed here earlier without coming, it is nobody's by now
        if self._claims.epoch(session_id) is None:
            claim = await self._claims.claim(session_id, only=self._claims.host_id)
            if claim.host_id != self._claims.host_id:
                raise HeldElsewhere("Another host holds this session.")
        return known or await self._adopt(session_id)

    def writing(self, session_id: str) -> asyncio.Lock:
        """Held by whoever defines or erases the session: one after the other, in the order of asking."""
        return self._writing.setdefault(session_id, asyncio.Lock())

    async def _put(self, session_id: str, spec: SessionSpec) -> tuple[Session, bool]:
        now = time.time()
        known = self._sessions.get(session_id)
        if known is None and len(self._sessions) >= self._config.max_sessions:
            raise Overloaded("The daemon holds as many sessions as it may; delete some.")
        record = SessionRecord(spec, now, now)
        if known is not None:
            record = SessionRecord(spec, known.record.created_at, now, known.record.version + 1)
        await self._store(session_id, record)
        if known is not None:
            known.record = record
            return known, False
        return self._come(Session(session_id, record)), True

    async def _store(self, session_id: str, record: SessionRecord) -> None:
        """Store what was asked for.

        Raises:
            HeldElsewhere: another host holds the session by now.
        """
        pipe = commands_only(self._redis, self._claims)
        pipe.add(session_id, "SADD", self._held, session_id)
        pipe.add(session_id, "HSET", keys.record(session_id), "spec", msgspec.json.encode(record))
        if self._claims is not None:
            pipe.add(session_id, "EXPIRE", keys.holder(session_id), CLAIM_S)
        if (await pipe.execute()).refused:
            raise HeldElsewhere("Another host holds this session by now.")

    async def restate(self, session: Session) -> None:
        """Store anew what was asked for a session that is known.

        Raises:
            HeldElsewhere: see ``_store``. Besides, what Redis raises.
        """
        async with self.writing(session.session_id):
            if self._sessions.get(session.session_id) is session:
                await self._store(session.session_id, session.record)

    async def hold(self, session_id: str) -> None:
        """See to it that this host may erase the session, whoever knows it; to be called in ``writing``.

        Raises:
            HeldElsewhere, Overloaded, StoreUnavailable: see ``_claimed``.
        """
        await self._claimed(session_id)

    async def release(self, session_id: str) -> None:
        """Hold a session no longer that is erased, unless it has begun anew; to be called in ``writing``.

        Never fails.
        """
        if self._claims is not None and session_id not in self:
            await self._claims.release(session_id)

    async def gone(self) -> list[str]:
        """The sessions known here that went to another host, which holds them still or has released them.

        Raises what Redis raises.
        """
        return await self._claims.gone([*self._sessions]) if self._claims else []

    def holds(self, session_id: str) -> bool:
        """Whether this host holds the session, as far as it knows."""
        return self._claims is None or self._claims.epoch(session_id) is not None

    def lose(self, session_id: str) -> None:
        """Forget a session that another host holds."""
        self._remove(session_id)

    def erase(self, session_id: str, erased: asyncio.Future[None]) -> None:
        """Forget the session, which the event log erases; who defines it anew waits for ``erased``."""
        self._remove(session_id)
        self._erasing[session_id] = erased
        erased.add_done_callback(lambda _: self._erasing.pop(session_id))

    def _remove(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)
        self._ages.forget(session_id)

    def taken(self) -> list[str]:
        """The sessions that have come since this was asked last."""
        taken, self._taken = self._taken, []
        return taken

    def uncounted(self, now: float, told_at: float) -> list[Session]:
        """Sessions that take up room, which workers' figures do not show. All in monotonic seconds.

        Media that have come since those were told, and those that are to come soon, their session having
        just been set up.
        """
        takes_up = (each for each in self if each.active or each.media is None)
        shown_after_s = now - told_at
        return [
            each
            for each in takes_up
            if self._age_s(each, now) < (shown_after_s if each.active else AWAITED_S)
        ]

    def expired(self, now: float) -> list[Session]:
        """Sessions without media for longer than they are kept. ``now``: monotonic seconds."""
        return [each for each in self if self.has_expired(each, now)]

    def has_expired(self, session: Session, now: float) -> bool:
        """Whether the session is without media for longer than it is kept."""
        return not session.active and self._age_s(session, now) > self._kept_s(session)

    def _age_s(self, session: Session, now: float) -> float:
        return self._ages.of(session.session_id, session.updated_at, now)

    def _kept_s(self, session: Session) -> float:
        return min(UNUSED_S, self.retention_s) if session.unused else self.retention_s
