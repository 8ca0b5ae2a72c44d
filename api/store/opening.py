"""The store of an api: a configured Redis, or one of our own; opened, and awaited where it is not up yet."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import NamedTuple

from redis.asyncio import Redis

from ..config import ApiConfig
from ..errors import RedisNotStarted
from ..events.redis_store import Connections, connect_all, unready, wait_until_up
from ..ops.starting import starting
from .embedded_redis import EmbeddedRedis

log = logging.getLogger(__name__)

QUIET_START_S = 1.0  # a start that takes longer is told
ASK_AGAIN_S = 0.2


class Store(NamedTuple):
    """The connections to Redis, and the server where it is our own."""

    connections: Connections
    server: EmbeddedRedis | None


@contextlib.asynccontextmanager
async def opened_store(config: ApiConfig, stop: asyncio.Event) -> AsyncIterator[Store]:
    """The configured Redis, or one started for as long as the context lasts.

    It is awaited until ``stop`` is set, and meanwhile callers are told what keeps it.
    """
    async with contextlib.AsyncExitStack() as stack:
        url = config.redis_url
        if url is not None:
            connections = connect_all(url, config.redis_timeout_s)
            stack.push_async_callback(connections.aclose)
            await configured_redis(config, connections.requests, stop)
            yield Store(connections, None)
            return
        server = EmbeddedRedis(config.state_dir / "redis")
        stack.push_async_callback(server.stop)
        await server.start()
        connections = connect_all(server.socket, config.redis_timeout_s)
        stack.push_async_callback(connections.aclose)
        await embedded_redis(config, server, stop)
        yield Store(connections, server)


async def configured_redis(config: ApiConfig, redis: Redis, stop: asyncio.Event) -> None:
    """Return once it answers, or ``stop`` is set: after a power cut it may come up later than we do."""
    try:
        await wait_until_up(redis)
    except RedisNotStarted as error:
        why = str(error)
        log.error("%s; it is awaited", why)  # noqa: TRY400 - the sentence says it all
        async with starting(config, lambda: why):
            while not stop.is_set() and (now := await unready(redis)):
                why = now
                await asyncio.sleep(ASK_AGAIN_S)


async def embedded_redis(config: ApiConfig, server: EmbeddedRedis, stop: asyncio.Event) -> None:
    """Return once it runs, or ``stop`` is set: it goes on by itself as soon as it can."""
    try:
        async with asyncio.timeout(QUIET_START_S):
            await either(server.running, stop)
    except TimeoutError:
        async with starting(config, lambda: server.trouble or "the embedded Redis loads what it has stored"):
            await either(server.running, stop)


async def either(one: asyncio.Event, other: asyncio.Event) -> None:
    """Return when one of them is set."""
    waiting = [asyncio.create_task(each.wait()) for each in (one, other)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
