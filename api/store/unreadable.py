"""What lies in Redis and cannot be read: moved out of the way and told, and nobody else is the worse for it.

A power cut may have changed bytes that no check covers, another program or a newer argusd written them. A
field of a hash goes to its session's hash ``unreadable``, a key that holds another type to a key named after
it. So all of it goes when the session is deleted, and by itself after the retention; there is never more of
it than was stored before.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from argusd.scheduler.contract import redis_keys as keys

log = logging.getLogger(__name__)

Kind = TypeVar("Kind")
NAMED_MOST = 5


class Unreadable:
    """Sets aside what cannot be read. ``counts``: how much, by what it was (``session``, ``media``, …)."""

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self.counts: Counter[str] = Counter()

    async def set_aside(self, what: str, key: str, fields: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        """Move fields out of the hash at ``key``; each is given with its session's id and its value."""
        if not fields:
            return
        self.counts[what] += len(fields)
        async with self._redis.pipeline(transaction=True) as pipe:
            for session_id, field, value in fields:
                kept = keys.unreadable(name(session_id))
                pipe.hset(kept, name(key.encode() + b" " + field), value)
                pipe.expire(kept, self._retention_s)
                pipe.hdel(key, cast(str, field))
            await pipe.execute()
        named = ", ".join(name(session_id) for session_id, _, _ in fields[:NAMED_MOST])
        log.error(
            "what is stored cannot be read and is set aside: %s of %s (%d in all)", what, named, len(fields)
        )

    async def usable(self, what: str, key: str, answer: Any, instead: Kind) -> Kind:
        """Redis' answer to a command about ``key``; ``instead`` where that holds another type.

        Raises:
            RedisError: it is another error.
        """
        if not isinstance(answer, Exception):
            return cast(Kind, answer)
        if not (isinstance(answer, ResponseError) and str(answer).startswith("WRONGTYPE")):
            raise answer
        self.counts[what] += 1
        kept = keys.unreadable_key(key)
        await self._redis.rename(key, kept)
        await self._redis.expire(kept, self._retention_s)
        log.error("the key %s holds something else than it should and is set aside as %s", key, kept)
        return instead


def name(raw: bytes) -> str:
    """An id or a field in letters that can be stored and logged."""
    return raw.decode(errors="backslashreplace").encode("unicode_escape").decode()[:256]


def is_text(raw: bytes) -> bool:
    """Whether these bytes are UTF-8."""
    return "\ufffd" not in raw.decode(errors="replace")
