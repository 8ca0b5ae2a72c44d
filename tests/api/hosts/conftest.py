from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from ...shared_redis import connected, shared_redis


@pytest.fixture(scope="package")
def redis_url() -> Iterator[str]:
    """That of a Redis which several hosts share."""
    with shared_redis() as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """That Redis, empty."""
    async with connected(redis_url) as redis:
        await redis.flushall()
        yield redis
