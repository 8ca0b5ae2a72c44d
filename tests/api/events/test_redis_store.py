"""What a configured address of Redis may be."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop
from redis.exceptions import ConnectionError as ConnectionLost

from argusd.api.errors import RedisUrlUnusable
from argusd.api.events.redis_store import connect, silence, wait_until_up
from argusd.api.store.embedded_redis import EmbeddedRedis

from ...behind_tls import behind_tls
from ...shared_redis import shared_redis


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@cache:99999",
        "redis://:s3cret@[cache",
        "redis://:s3cret@cache/0?db=first",
        "redis://:s3cret@cache/0?socket_timeout=soon",
        "redis://:s3cret@cache/0?colour=red",
    ],
)
async def test_an_address_that_is_not_understood_is_told_without_its_password(url: str) -> None:
    with pytest.raises(RedisUrlUnusable) as caught:
        connect(url, timeout_s=1.0)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.fixture
async def tls_port(tmp_path: Path) -> AsyncIterator[int]:
    """A Redis behind TLS; ``certificate.pem`` in the test's folder is its certificate."""
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    inner = connect(server.socket, timeout_s=5.0)
    await wait_until_up(inner)
    await inner.aclose()
    try:
        async with behind_tls(tmp_path, lambda: asyncio.open_unix_connection(server.socket)) as port:
            yield port
    finally:
        await server.stop()


async def test_a_redis_behind_tls_is_reached_if_its_certificate_is_trusted(
    tls_port: int, tmp_path: Path
) -> None:
    trusting = f"rediss://localhost:{tls_port}/0?ssl_ca_certs={tmp_path}/certificate.pem"
    for url, there in ((trusting, True), (f"rediss://localhost:{tls_port}/0", False)):
        redis = connect(url, timeout_s=5.0)
        assert (await silence(redis) is None) is there
        await redis.aclose()


async def break_and_write(url: str) -> None:
    redis = connect(url, timeout_s=5.0)
    connection = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
    connection._writer.transport.abort()
    with pytest.raises(ConnectionLost):
        await connection.send_command("PING")
    await redis.connection_pool.release(connection)
    assert await silence(redis) is None, "by another connection"
    await redis.aclose()


def test_a_connection_that_breaks_just_before_it_is_written_to_is_lost_and_no_fault() -> None:
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with shared_redis() as url, runner:
        runner.run(break_and_write(url))
