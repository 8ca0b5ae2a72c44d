from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from argusd.api.events.redis_store import connect, wait_until_up

from ...shared_redis import shared_redis


@pytest.fixture(scope="package")
def redis_url() -> Iterator[str]:
    """That of a Redis which several hosts share."""
    with shared_redis() as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """That Redis, empty."""
    connection = connect(redis_url, 5.0)
    await wait_until_up(connection)
    await connection.flushall()
    yield connection
    await connection.aclose()
