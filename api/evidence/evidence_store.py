"""Reading evidence back out of Redis."""

from collections.abc import Awaitable, Sequence
from typing import cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.evidence.records import Evidence
from argusd.scheduler.contract.results import readable

READ_AT_A_TIME = 500  # sessions


class EvidenceStore:
    """What is stored of evidence; the event log writes it (``events/event_store.py``)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of_session(self, session_id: str) -> list[Evidence]:
        """All of a session's, oldest first.

        What cannot be read, or lies in another's place, is left out, and missing in the chain.
        """
        fields = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(keys.evidence(session_id)))
        found = ((place, readable(body, Evidence)) for place, body in fields.items())
        kept = [each for place, each in found if each is not None and each.evidence_id.encode() == place]
        return sorted(kept, key=lambda each: each.created_at)

    async def of_sessions(self, session_ids: Sequence[str]) -> list[Evidence]:
        """All of these sessions', which may be thousands."""
        found = []
        for begin in range(0, len(session_ids), READ_AT_A_TIME):
            async with self._redis.pipeline(transaction=False) as pipe:
                for session_id in session_ids[begin : begin + READ_AT_A_TIME]:
                    pipe.hvals(keys.evidence(session_id))
                answers = await pipe.execute()
            found += [readable(body, Evidence) for bodies in answers for body in bodies]
        return [each for each in found if each is not None]

    async def find(self, session_id: str, evidence_id: str) -> Evidence | None:
        """One piece of a session's, if it is there and can be read."""
        body = await cast(Awaitable[bytes | None], self._redis.hget(keys.evidence(session_id), evidence_id))
        return readable(body, Evidence) if body else None

    async def has(self, session_id: str) -> bool:
        """Whether there is any of this session."""
        return bool(await self._redis.exists(keys.evidence(session_id)))
