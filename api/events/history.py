"""Reading the stored events back, a page at a time."""

from typing import cast

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.results import Results, read_results, stage_results

from .event_store import last_number

PAGE = 256

Fields = dict[bytes, bytes]
Stream = list[tuple[bytes, Fields]]


class History:
    """What readers of events and results ask of Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def last_seq(self, session_id: str) -> int:
        """The seq of the session's newest event; 0 before the first."""
        return last_number(cast(Stream, await self._redis.xrevrange(keys.events(session_id), count=1)))

    async def last_position(self) -> int:
        """The position of the newest event of all sessions; 0 before the first."""
        return last_number(cast(Stream, await self._redis.xrevrange(keys.ALL_EVENTS, count=1)))

    async def of_session(self, session_id: str, after: int) -> list[tuple[int, bytes]]:
        """Up to a page of the session's events beyond a seq: their seq and JSON, oldest first."""
        rows = await self._redis.xrange(keys.events(session_id), f"({after}-0", count=PAGE)
        return [(_number(row_id), fields[b"e"]) for row_id, fields in cast(Stream, rows)]

    async def of_all(self, after: int) -> list[tuple[int, bytes | None]]:
        """Up to a page of all sessions' events beyond a position; None for one that is no longer kept."""
        rows = cast(Stream, await self._redis.xrange(keys.ALL_EVENTS, f"({after}-0", count=PAGE))
        if not rows:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for _, fields in rows:
                place = f"{int(fields[b'q'])}-0"
                pipe.xrange(keys.events(fields[b"s"].decode()), place, place)
            found = await pipe.execute()
        return [
            (_number(row_id), hit[0][1][b"e"] if hit else None)
            for (row_id, _), hit in zip(rows, found, strict=True)
        ]

    async def results(self, session_id: str) -> Results:
        """What is known of the session now."""
        found = await stored_results(self._redis, session_id)
        return found or Results(session_id, "created", {}, {})


async def stored_results(redis: Redis, session_id: str) -> Results | None:
    """What is known of a session, or None where nothing is (any more)."""
    async with redis.pipeline(transaction=True) as pipe:
        stage_results(pipe, session_id)
        return read_results(session_id, *await pipe.execute())


def _number(row_id: bytes) -> int:
    return int(row_id.partition(b"-")[0])
