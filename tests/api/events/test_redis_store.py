"""What a configured address of Redis may be."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop
from redis.exceptions import ConnectionError as ConnectionLost

from argusd.api.errors import RedisUrlUnusable
from argusd.api.events.redis_store import answers, connect, wait_until_up
from argusd.api.store.embedded_redis import EmbeddedRedis

from ...certificates import self_signed
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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(server.socket)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    try:
        async with await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context) as front:
            yield front.sockets[0].getsockname()[1]
    finally:
        await server.stop()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError, ssl.SSLError):
            while data := await reader.read(4096):
                writer.write(data)
            writer.close()
            await writer.wait_closed()
    finally:
        writer.transport.abort()  # nobody waits any more for what the other side leaves open


async def test_a_redis_behind_tls_is_reached_if_its_certificate_is_trusted(
    tls_port: int, tmp_path: Path
) -> None:
    trusting = f"rediss://localhost:{tls_port}/0?ssl_ca_certs={tmp_path}/certificate.pem"
    for url, there in ((trusting, True), (f"rediss://localhost:{tls_port}/0", False)):
        redis = connect(url, timeout_s=5.0)
        assert await answers(redis) is there
        await redis.aclose()


async def break_and_write(url: str) -> None:
    redis = connect(url, timeout_s=5.0)
    connection = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
    connection._writer.transport.abort()
    with pytest.raises(ConnectionLost):
        await connection.send_command("PING")
    await redis.connection_pool.release(connection)
    assert await answers(redis), "by another connection"
    await redis.aclose()


def test_a_connection_that_breaks_just_before_it_is_written_to_is_lost_and_no_fault() -> None:
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with shared_redis() as url, runner:
        runner.run(break_and_write(url))
