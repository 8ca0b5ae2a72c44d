"""Which worker a session has been to, for each domain of tasks and streams.

Redis only helps here: without an answer from it work is placed as if the session were new. So nobody waits
for what is written there, and what comes together is written together: for a new session's one task a write
of its own would be a third of all that the api does.
"""

import asyncio
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
GATHERING_S = 0.05


class Affinity:
    """Session and domain → worker, in ``ml:session:{id}:{domain}``.

    Overflow (more than ``MOST_REMEMBERED`` that are not written yet): the one that waits longest is not
    written. ``host_id``: this host where several share the Redis; then names are stored as
    ``{host_id}/{worker}``, and those of other hosts' workers say nothing here.
    """

    def __init__(self, redis: Redis, host_id: str = "") -> None:
        self._redis = redis
        self._prefix = f"{host_id}/" if host_id else ""
        self._known: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._unwritten: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    async def find(self, session_id: str, domain: str) -> str | None:
        """The worker's name, if the session has been to one within the last six hours."""
        known = self._known.get((session_id, domain))
        if known is not None:
            return known[0]
        try:
            name = await self._redis.get(keys.affinity(session_id, domain))
        except STORE_ERRORS:
            return None
        if not (isinstance(name, bytes) and name.startswith(self._prefix.encode())):
            return None
        return name.decode(errors="replace").removeprefix(self._prefix)

    def remember(self, session_id: str, domain: str, worker: str) -> None:
        """The session is at this worker (again); Redis is told within ``GATHERING_S``."""
        now = time.monotonic()
        name, written_at = self._known.get((session_id, domain), ("", now))
        if name == worker and now - written_at < WRITE_AGAIN_S:
            return
        self._known[session_id, domain] = worker, now
        self._known.move_to_end((session_id, domain))
        self._unwritten[session_id, domain] = worker
        for kept in (self._known, self._unwritten):
            if len(kept) > MOST_REMEMBERED:
                kept.popitem(last=False)  # of those known Redis still knows it
        self._news.set()

    async def run(self) -> None:
        """Write what is remembered, until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHERING_S)
            self._news.clear()
            async with self._writing:
                await self._write()

    async def _write(self) -> None:
        unwritten, self._unwritten = self._unwritten, OrderedDict()
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for (session_id, domain), worker in unwritten.items():
                    pipe.set(keys.affinity(session_id, domain), self._prefix + worker, ex=TTL_S)
                await pipe.execute()
        except STORE_ERRORS:
            log.info("where sessions are could not be stored; they will be placed anew if the api restarts")

    def lose(self, session_id: str) -> None:
        """Nothing is known here of a session that another host holds."""
        for domain in DOMAINS:
            self._known.pop((session_id, domain), None)
            self._unwritten.pop((session_id, domain), None)

    async def forget(self, session_id: str) -> None:
        """The session is about to be deleted, in Redis too: nothing of it is written after this returns."""
        self.lose(session_id)
        async with self._writing:
            return
