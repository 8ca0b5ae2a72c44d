"""What is stored of sessions, as the next api of this host reads it back, or whoever holds them next."""

import re
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar, cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.names import NAME
from argusd.scheduler.contract.results import readable

from ..store.unreadable import Unreadable
from .session import Media, Session, SessionRecord

Kind = TypeVar("Kind")

READ_AT_A_TIME = 500


class Records:
    """Reads them; what cannot be read is set aside. ``held``: the set of those that this host holds, or held.

    Every method raises what Redis raises.
    """

    def __init__(self, redis: Redis, unreadable: Unreadable, retention_s: int, held: str) -> None:
        self._redis = redis
        self._unreadable = unreadable
        self._retention_s = retention_s
        self._held = held

    async def held(self) -> list[str]:
        """The ids of the sessions that this host holds, or held."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.smembers(self._held)
            (answer,) = await pipe.execute(raise_on_error=False)
        raw_ids: set[bytes] = await self._unreadable.usable("session", self._held, answer, set())
        return [raw_id.decode() for raw_id in raw_ids if is_name(raw_id)]

    async def take_in_older(self) -> None:
        """Give each session that an older daemon stored in two hashes of all sessions a hash of its own.

        Where several hosts share the Redis, whatever a host that was alone has stored waits there, for as
        long as sessions are kept, for whoever claims it.
        """
        for what, field, older in (
            ("media", "media", keys.OLDER_MEDIA),
            ("session", "spec", keys.OLDER_SESSIONS),
        ):
            if await self._redis.type(older) == b"hash":
                await self._take_in_hash(what, field, older)
        alone = keys.held("")
        if self._held != alone and await self._redis.type(alone) == b"set":
            raw_ids = await cast(Awaitable[set[bytes]], self._redis.smembers(alone))
            async with self._redis.pipeline(transaction=True) as pipe:
                for raw_id in filter(is_name, raw_ids):
                    pipe.expire(keys.record(raw_id.decode()), self._retention_s)
                pipe.delete(alone)
                await pipe.execute()

    async def _take_in_hash(self, what: str, field: str, older: str) -> None:
        rows = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(older))
        bad = [(raw_id, raw_id, body) for raw_id, body in rows.items() if not is_name(raw_id)]
        await self._unreadable.set_aside(what, older, bad)
        async with self._redis.pipeline(transaction=True) as pipe:
            for raw_id in filter(is_name, rows):
                pipe.hsetnx(keys.record(raw_id.decode()), field, cast(str, rows[raw_id]))
                pipe.sadd(keys.held(""), raw_id)
            pipe.delete(older)
            await pipe.execute()

    async def read(self, session_ids: Sequence[str]) -> list[Session]:
        """Those of the sessions that are stored and can be read."""
        found = []
        for begin in range(0, len(session_ids), READ_AT_A_TIME):
            some = session_ids[begin : begin + READ_AT_A_TIME]
            async with self._redis.pipeline(transaction=False) as pipe:
                for session_id in some:
                    pipe.hgetall(keys.record(session_id))
                answers = await pipe.execute(raise_on_error=False)
            for session_id, answer in zip(some, answers, strict=True):
                found.append(await self._read(session_id, answer))
        return [session for session in found if session is not None]

    async def _read(self, session_id: str, answer: Any) -> Session | None:
        key = keys.record(session_id)
        fields: dict[bytes, bytes] = await self._unreadable.usable("session", key, answer, {})
        record = await self._field(session_id, "session", fields, b"spec", SessionRecord)
        media = await self._field(session_id, "media", fields, b"media", Media)
        return None if record is None else Session(session_id, record, media)

    async def _field(
        self, session_id: str, what: str, fields: dict[bytes, bytes], field: bytes, kind: type[Kind]
    ) -> Kind | None:
        body = fields.get(field)
        value = None if body is None else readable(body, kind)
        if body is not None and value is None:
            aside = [(session_id.encode(), field, body)]
            await self._unreadable.set_aside(what, keys.record(session_id), aside)
        return value


def is_name(raw_id: bytes) -> bool:
    """Whether a session may have this id."""
    return re.fullmatch(NAME.encode(), raw_id) is not None
