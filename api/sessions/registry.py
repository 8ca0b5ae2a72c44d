"""The sessions the api knows: in memory, and in Redis so that a restarted api finds them again."""

import asyncio
import re
import time
from collections.abc import Iterator
from typing import TypeVar
from weakref import WeakValueDictionary

import msgspec
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import Overloaded, SessionNotFound
from argusd.scheduler.contract.names import NAME
from argusd.scheduler.contract.results import readable
from argusd.scheduler.contract.sessions import SessionSpec

from ..config import ApiConfig
from ..store.unreadable import Unreadable
from .session import Media, Session, SessionRecord, completed

Kind = TypeVar("Kind")

UNUSED_S = 120.0  # a flood of offers would fill the registry for hours; who came and failed can ask why


class Registry:
    """Session id → Session. What callers ask is written at once; media states go through the event_log."""

    def __init__(self, redis: Redis, config: ApiConfig, unreadable: Unreadable) -> None:
        self._redis = redis
        self._config = config
        self._unreadable = unreadable
        self._sessions: dict[str, Session] = {}
        self._ages: dict[str, tuple[float, float]] = {}  # when each changed, and when that was seen
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
        media = await self._stored("media", keys.MEDIA, Media)
        records = await self._stored("session", keys.SESSIONS, SessionRecord)
        for session_id, record in sorted(records.items(), key=lambda each: each[1].created_at):
            session = self._sessions[session_id] = Session(session_id, record, media.get(session_id))
            age_s = max(0.0, time.time() - session.updated_at)  # nothing but the wall clock has told it since
            self._ages[session_id] = session.updated_at, time.monotonic() - age_s

    async def _stored(self, what: str, key: str, kind: type[Kind]) -> dict[str, Kind]:
        """The hash at ``key``, session id → ``kind``; what is not that is set aside."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(key)
            (answer,) = await pipe.execute(raise_on_error=False)
        fields: dict[bytes, bytes] = await self._unreadable.usable(what, key, answer, {})
        found = {raw_id: readable(body, kind) for raw_id, body in fields.items()}
        bad = [raw_id for raw_id, value in found.items() if value is None or not is_name(raw_id)]
        await self._unreadable.set_aside(what, key, [(raw_id, raw_id, fields[raw_id]) for raw_id in bad])
        return {
            raw_id.decode(): value
            for raw_id, value in found.items()
            if value is not None and raw_id not in bad
        }

    async def put(self, session_id: str, spec: SessionSpec) -> tuple[Session, bool]:
        """Create the session or replace what was asked for it, one after the other; True when it is new.

        Raises:
            Overloaded: the registry is full.
            InvalidField, NoReference: see ``completed``.
        """
        async with self._turn(session_id):
            return await self._put(session_id, completed(spec, self.find(session_id)))

    async def ensure(self, session_id: str) -> Session:
        """The session, made now if nobody has asked for it yet.

        Raises:
            Overloaded: the registry is full.
        """
        async with self._turn(session_id):
            return self.find(session_id) or (await self._put(session_id, SessionSpec()))[0]

    def _turn(self, session_id: str) -> asyncio.Lock:
        return self._writing.setdefault(session_id, asyncio.Lock())

    async def _put(self, session_id: str, spec: SessionSpec) -> tuple[Session, bool]:
        now = time.time()
        known = self._sessions.get(session_id)
        if known is None and len(self._sessions) >= self._config.max_sessions:
            raise Overloaded("The daemon holds as many sessions as it may; delete some.")
        record = SessionRecord(spec, now, now)
        if known is not None:
            record = SessionRecord(spec, known.record.created_at, now, known.record.version + 1)
        await self._redis.hset(keys.SESSIONS, session_id, msgspec.json.encode(record).decode())
        session = self._sessions.setdefault(session_id, Session(session_id, record))
        session.record = record
        return session, known is None

    def remove(self, session_id: str) -> None:
        """Forget the session here; the event_log erases it in Redis."""
        self._sessions.pop(session_id, None)
        self._ages.pop(session_id, None)

    def expired(self, now: float) -> list[Session]:
        """Sessions without media for longer than they are kept. ``now``: monotonic seconds."""
        return [each for each in self if self.has_expired(each, now)]

    def has_expired(self, session: Session, now: float) -> bool:
        """Whether the session is without media for longer than it is kept."""
        return not session.active and self._age_s(session, now) > self._kept_s(session)

    def _age_s(self, session: Session, now: float) -> float:
        """Seconds since it last changed, as far as this has been seen: its own time is the wall clock's."""
        changed_at, seen = self._ages.get(session.session_id, (0.0, now))
        if changed_at != session.updated_at:
            seen = now
            self._ages[session.session_id] = session.updated_at, seen
        return now - seen

    def _kept_s(self, session: Session) -> float:
        return min(UNUSED_S, self.retention_s) if session.unused else self.retention_s


def is_name(raw_id: bytes) -> bool:
    """Whether a session may have this id."""
    return re.fullmatch(NAME.encode(), raw_id) is not None
