"""The connection to Redis, the only store."""

import asyncio
import time
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..errors import RedisNotStarted, RedisUrlUnusable

STORE_ERRORS = (RedisError, OSError, TimeoutError)
"""What a call to Redis may raise while Redis is away or hangs."""

FIRST_ANSWER_S = 10.0


def connect(url: str | Path, timeout_s: float) -> Redis:
    """A client for a ``redis://``, ``rediss://`` or ``unix://`` URL, or for the socket at a path.

    No call takes longer than ``timeout_s`` and none is repeated by the client: a repeated transaction could
    write twice, so whoever wrote looks first at what is stored (see ``event_log.py``).

    Raises:
        RedisUrlUnusable: the URL is none that the client understands.
    """
    retry = Retry(NoBackoff(), 0)
    if isinstance(url, Path):
        return Redis(
            unix_socket_path=str(url), socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=retry
        )
    try:
        redis = Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=retry)
        # An unknown option shows where a connection is made, which does not yet connect.
        redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
    except (TypeError, ValueError):  # whose sentence may repeat the password
        raise RedisUrlUnusable(
            "api.redis_url has a part that is not understood: its port, or an option"
        ) from None
    return redis


async def wait_until_up(redis: Redis) -> None:
    """Return once a configured Redis answers and has loaded its data.

    Raises:
        RedisNotStarted: it did not within ten seconds.
    """
    deadline = time.monotonic() + FIRST_ANSWER_S
    while not await answers(redis):
        if time.monotonic() > deadline:
            raise RedisNotStarted("Redis does not answer; check redis_url")
        await asyncio.sleep(0.05)


async def answers(redis: Redis) -> bool:
    """Whether Redis answers now."""
    try:
        await redis.ping()
    except STORE_ERRORS:
        return False
    return True
