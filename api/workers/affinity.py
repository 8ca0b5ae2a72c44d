"""Which worker a session has been to, for each domain of tasks and streams.

Redis only helps here: without an answer from it work is placed as if the session were new.
"""

import logging
import time
from collections import OrderedDict

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.redis_keys import DOMAINS

from ..events.redis_store import STORE_ERRORS

log = logging.getLogger(__name__)

TTL_S = 6 * 3600
WRITE_AGAIN_S = 600.0  # a session in constant use costs one write in ten minutes
MOST_REMEMBERED = 20_000


class Affinity:
    """Session and domain → worker, in ``ml:session:{id}:{domain}``."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._known: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    async def find(self, session_id: str, domain: str) -> str | None:
        """The worker's name, if the session has been to one within the last six hours."""
        known = self._known.get((session_id, domain))
        if known is not None:
            return known[0]
        try:
            name = await self._redis.get(keys.affinity(session_id, domain))
        except STORE_ERRORS:
            return None
        return name.decode(errors="replace") if isinstance(name, bytes) else None

    async def remember(self, session_id: str, domain: str, worker: str) -> None:
        """The session is at this worker (again)."""
        now = time.monotonic()
        name, written_at = self._known.get((session_id, domain), ("", now))
        if name == worker and now - written_at < WRITE_AGAIN_S:
            return
        self._known[session_id, domain] = worker, now
        self._known.move_to_end((session_id, domain))
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)  # Redis still knows it
        try:
            await self._redis.set(keys.affinity(session_id, domain), worker, ex=TTL_S)
        except STORE_ERRORS:
            log.info("where a session is could not be stored; it will be placed anew if the api restarts")

    def forget(self, session_id: str) -> None:
        """The session is deleted, in Redis too."""
        for domain in DOMAINS:
            self._known.pop((session_id, domain), None)
