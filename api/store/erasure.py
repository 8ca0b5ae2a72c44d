"""Takes what was erased off the disk.

An append-only file keeps what was written until it is rewritten, whatever was deleted since. So after what
is deleted or expires the embedded Redis rewrites its file, into a new one without it, and the old one is
removed. Erasures that come together share one rewrite; between two the disk rests.

What is kept of damaged files goes with the first session that is deleted, and at the latest after the
retention: nobody can tell who is in it. A configured Redis is its owner's: there this does nothing.
"""

import asyncio
import contextlib
import logging
import time
from typing import Any

from redis.asyncio import Redis

from ..events.redis_store import STORE_ERRORS
from .embedded_redis import EmbeddedRedis

log = logging.getLogger(__name__)

REST_S = 0.2  # at least; four times as long as a rewrite took, where that is more
RETRY_S = 1.0
LOOK_EVERY_S = 0.02
EXPIRY_EVERY_S = 10.0


class Erasure:
    """``needed`` and ``done`` ask for a rewrite, ``run`` does it."""

    def __init__(self, redis: Redis, server: EmbeddedRedis | None, retention_s: int) -> None:
        self._redis = redis
        self._server = server
        self._retention_s = retention_s
        self._wanted = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._expired = 0
        self.rewrites = 0

    def needed(self) -> None:
        """Something was deleted: have it off the disk soon."""
        self._wanted.set()

    async def done(self) -> None:
        """Return when all that is deleted by now is off the disk, copies of damaged files included."""
        if self._server is None:
            return
        await asyncio.to_thread(self._server.file.forget_damaged)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._wanted.set()
        await done

    async def run(self) -> None:
        """Rewrite whenever that is asked for or something has expired, until cancelled."""
        if self._server is None:
            return
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EXPIRY_EVERY_S):
                    await self._wanted.wait()
            try:
                await asyncio.sleep(await self._rewrite_if_wanted(self._server))
            except STORE_ERRORS as error:
                log.info("what was deleted is on disk a while longer: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _rewrite_if_wanted(self, server: EmbeddedRedis) -> float:
        """Rewrite, if anything is to go; returns how long the disk is to rest then."""
        await asyncio.to_thread(server.file.forget_damaged, time.time() - self._retention_s)
        about = await self._redis.info()
        if not self._wanted.is_set() and about["expired_keys"] == self._expired:
            return 0.0
        self._wanted.clear()
        waiting, self._waiting = self._waiting, []
        begun = time.monotonic()
        try:
            await self._rewrite(about)
        except BaseException:
            self._waiting += waiting
            self._wanted.set()
            raise
        self._expired = about["expired_keys"]
        self.rewrites += 1
        for each in waiting:
            if not each.done():
                each.set_result(None)
        return max(REST_S, 4 * (time.monotonic() - begun))

    async def _rewrite(self, about: dict[str, Any]) -> None:
        """Have Redis rewrite its file, after a rewrite that is under way and may have begun too early.

        Raises:
            RedisError: it is away.
            TimeoutError: it was started again meanwhile, or could not write the new file.
        """
        while rewriting(about):
            about = await self._later()
        life = about["run_id"]
        await self._redis.bgrewriteaof()
        while rewriting(about := await self._later()):
            pass
        if about["run_id"] != life or about["aof_last_bgrewrite_status"] != "ok":
            raise TimeoutError

    async def _later(self) -> dict[str, Any]:
        await asyncio.sleep(LOOK_EVERY_S)
        return await self._redis.info()


def rewriting(about: dict[str, Any]) -> bool:
    """Whether a rewrite is under way or about to begin, by what Redis tells of itself."""
    return bool(about["aof_rewrite_in_progress"] or about["aof_rewrite_scheduled"])
