"""Reading reviews back out of Redis; the event log writes them (``events/event_store.py``)."""

from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.results import readable
from argusd.scheduler.contract.reviews.reviews import Review

from ..events.history import Stream


class ReviewStore:
    """What is stored of reviews."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def of_session(self, session_id: str) -> dict[int, Review]:
        """A session's reviews by the seq of their violation's start; what cannot be read is left out."""
        fields = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(keys.reviews(session_id)))
        found = [readable(body, Review) for body in fields.values()]
        return {each.seq: each for each in sorted(filter(None, found), key=lambda each: each.seq)}

    async def starts_violation(self, session_id: str, seq: int) -> bool:
        """Whether this event of the session is kept and starts a violation."""
        place = f"{seq}-0"
        rows = cast(Stream, await self._redis.xrange(keys.outline(session_id), place, place))
        event = readable(rows[0][1].get(b"e", b""), Event) if rows else None
        return event is not None and (event.type, event.state) == ("violation", "start")
