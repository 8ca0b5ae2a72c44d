from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api import app
from argusd.api.events.redis_store import connect, wait_until_up
from argusd.api.store.embedded_redis import EmbeddedRedis

from .fixtures import Rig, running_rig


@pytest.fixture(autouse=True)
def apis_that_end_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else ends with these tests' apis, and they need not wait to learn it."""
    monkeypatch.setattr(app, "SESSIONS_REST_S", 0.01)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """An api with a fake worker and a fake scheduler, all ready."""
    async with running_rig(tmp_path) as rig:
        yield rig


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """A Redis of a test's own."""
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    connection = connect(server.socket, 5.0)
    await wait_until_up(connection)
    yield connection
    await connection.aclose()
    await server.stop()
