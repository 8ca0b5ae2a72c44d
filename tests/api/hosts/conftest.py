from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.events import news
from argusd.api.hosts import hosts

from ...shared_redis import connected, shared_redis
from .two import Two, two_hosts


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


@pytest.fixture
def quick_beats_and_messages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosts soon know each other; that others stored events they hear on the channel or not at all."""
    monkeypatch.setattr(hosts, "BEAT_EVERY_S", 0.05)
    monkeypatch.setattr(news, "POLL_EVERY_S", 600.0)


@pytest.fixture
async def two(
    tmp_path: Path, redis: Redis, redis_url: str, quick_beats_and_messages_alone: None
) -> AsyncIterator[Two]:
    """Two hosts that send clients on by redirects."""
    async with two_hosts(tmp_path, redis, redis_url, "redirect") as two:
        yield two
