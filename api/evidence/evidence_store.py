"""Reading evidence back out of Redis."""

from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.evidence.records import Evidence
from argusd.scheduler.contract.results import readable


class EvidenceStore:
    """What is stored of evidence; the event log writes it (``events/event_store.py``)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of_session(self, session_id: str) -> list[Evidence]:
        """All of a session's, oldest first; what cannot be read is left out, and missing in the chain."""
        fields = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(keys.evidence(session_id)))
        found = [readable(body, Evidence) for body in fields.values()]
        return sorted((each for each in found if each), key=lambda each: each.created_at)

    async def find(self, session_id: str, evidence_id: str) -> Evidence | None:
        """One piece of a session's, if it is there and can be read."""
        body = await cast(Awaitable[bytes | None], self._redis.hget(keys.evidence(session_id), evidence_id))
        return readable(body, Evidence) if body else None

    async def has(self, session_id: str) -> bool:
        """Whether there is any of this session."""
        return bool(await self._redis.exists(keys.evidence(session_id)))
