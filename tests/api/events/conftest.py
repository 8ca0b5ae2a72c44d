"""A Redis of a test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.events.embedded_redis import EmbeddedRedis
from argusd.api.events.redis_store import connect, wait_until_up


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    connection = connect(server.socket, 5.0)
    await wait_until_up(connection)
    yield connection
    await connection.aclose()
    await server.stop()
