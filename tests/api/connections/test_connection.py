"""Connections whose clients let them wait. Times are short here; what is tested is that there is an end."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from argusd.api.connections.connection import LONGEST_HEAD

from ...waiting import answered
from ..fixtures import RunningApi, make_config
from .raw import answer, connected, send

HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
NEVER_S = 600.0


@contextlib.asynccontextmanager
async def running(directory: Path, **times: float) -> AsyncIterator[RunningApi]:
    """An api that waits for nothing to happen, but for what ``times`` says."""
    all_times: dict[str, Any] = {"head_timeout_s": NEVER_S, "idle_timeout_s": NEVER_S, **times}
    async with RunningApi(make_config(directory, **all_times)) as api:
        yield api


async def connections(api: RunningApi) -> int:
    """How many clients the api is connected with."""
    return sum(
        each.laddr.port == api.config.port and each.status == psutil.CONN_ESTABLISHED
        for each in psutil.Process().net_connections("tcp")
    )


async def test_who_says_nothing_is_left(tmp_path: Path) -> None:
    async with running(tmp_path, head_timeout_s=0.1) as api:
        assert (await send(api, b"")).status == 0


async def test_half_a_head_is_told_that_it_is_late(tmp_path: Path) -> None:
    async with running(tmp_path, head_timeout_s=0.5) as api:
        late = await send(api, HALF_A_HEAD)
        assert (late.status, late.code) == (408, "request_timeout")


async def test_half_a_second_head_is_told_so_too(tmp_path: Path) -> None:
    async with running(tmp_path, head_timeout_s=0.5) as api, connected(api, REQUEST) as (reader, writer):
        assert (await answer(reader)).status == 200
        writer.write(HALF_A_HEAD)
        assert (await answer(reader)).code == "request_timeout"


async def test_a_head_that_drips_gets_no_more_time(tmp_path: Path) -> None:
    async with (
        running(tmp_path, head_timeout_s=0.3) as api,
        connected(api, HALF_A_HEAD) as (reader, writer),
    ):
        dripping = asyncio.create_task(drip(writer))
        assert (await answer(reader)).code == "request_timeout"
        dripping.cancel()


async def drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a")
        await asyncio.sleep(0.02)


async def test_three_hundred_half_heads_are_gone(tmp_path: Path) -> None:
    async with running(tmp_path, head_timeout_s=2.0) as api:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(300):
                await stack.enter_async_context(connected(api, HALF_A_HEAD))
            await answered(lambda: connections(api), bool)
            await answered(lambda: connections(api), lambda count: count == 0)
        assert (await send(api, REQUEST)).status == 200


async def test_a_head_without_an_end_is_cut(tmp_path: Path) -> None:
    async with running(tmp_path) as api:
        lines = b"X: " + b"a" * 2000 + b"\r\n"
        endless = REQUEST[:-2] + lines * (LONGEST_HEAD // len(lines) + 1)
        assert (await send(api, endless)).code == "head_too_large"


async def test_an_idle_connection_ends_and_a_used_one_stays(tmp_path: Path) -> None:
    async with running(tmp_path, idle_timeout_s=1.0) as api, connected(api) as (reader, writer):
        for _ in range(5):
            writer.write(REQUEST)
            assert (await answer(reader)).status == 200
            await asyncio.sleep(0.3)
        assert await reader.read() == b""


async def test_a_request_takes_as_long_as_it_takes(tmp_path: Path) -> None:
    """An event stream lives longer than any wait for a head or a next request."""
    async with (
        running(tmp_path, head_timeout_s=0.5, idle_timeout_s=0.5, heartbeat_s=0.3) as api,
        api.events("/events") as events,
    ):
        for _ in range(3):
            assert "" in await events.next_block()


async def test_who_does_not_take_the_answer_is_cut_off(tmp_path: Path) -> None:
    async with running(tmp_path, slow_consumer_s=0.2) as api:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", api.config.port))
            sock.sendall(REQUEST.replace(b"/health", b"/openapi.json") * 300)
            await answered(lambda: connections(api), lambda count: count == 1)
            await answered(lambda: connections(api), lambda count: count == 0)


@pytest.mark.parametrize("sent", [b"", HALF_A_HEAD, REQUEST])
async def test_a_client_that_leaves_leaves_nothing(tmp_path: Path, sent: bytes) -> None:
    async with running(tmp_path) as api:
        async with connected(api, sent):
            await answered(lambda: connections(api), lambda count: count == 1)
        await answered(lambda: connections(api), lambda count: count == 0)


async def test_of_too_many_connections_the_one_that_waits_longest_goes(tmp_path: Path) -> None:
    async with (
        running(tmp_path, max_connections=3) as api,
        api.events("/events"),
        connected(api, HALF_A_HEAD) as (oldest, _),
        connected(api) as (other, writer),
    ):
        await answered(lambda: connections(api), lambda count: count == 3)
        assert (await send(api, REQUEST)).status == 200
        assert await oldest.read() == b""
        writer.write(REQUEST)
        assert (await answer(other)).status == 200
