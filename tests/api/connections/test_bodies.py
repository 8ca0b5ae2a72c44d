"""How bodies come: room is counted as they do, and who stalls keeps nobody out."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ...waiting import answered
from ..fixtures import RunningApi, make_config
from .raw import answer, connected, send

MIB = 1 << 20
BODY = b'{"session_id": "s", "text": "I led the migration."}'


def post(length: int | None, body: bytes = b"", headers: bytes = b"") -> bytes:
    framing = b"Transfer-Encoding: chunked\r\n" if length is None else b"Content-Length: %d\r\n" % length
    return (
        b"POST /analysis/moderate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%s%s\r\n%s"
        % (framing, headers, body)
    )


@contextlib.asynccontextmanager
async def running(directory: Path, **changes: Any) -> AsyncIterator[RunningApi]:
    """Room for four of the largest bodies, and no hurry."""
    sizes = {"max_task_body": MIB, "max_task_bytes": 4 * MIB, "body_timeout_s": 600.0}
    async with RunningApi(make_config(directory, **sizes | changes)) as api:
        yield api


async def test_a_promise_takes_no_room(tmp_path: Path) -> None:
    """Five uploads stall that have said how much they would send."""
    async with running(tmp_path) as api, contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(connected(api, post(MIB, b"{")))
        assert (await send(api, post(len(BODY), BODY))).status == 200


async def test_who_stalls_makes_room_for_who_sends(tmp_path: Path) -> None:
    """All that one client may hold is held by uploads that lack their last byte."""
    async with running(tmp_path) as api, contextlib.AsyncExitStack() as stack:
        stalled = post(MIB, b" " * (MIB - 1))
        readers = [(await stack.enter_async_context(connected(api, stalled)))[0] for _ in range(3)]

        async def ask() -> int:
            return (await send(api, post(MIB, BODY.ljust(MIB)))).status

        await answered(ask, lambda status: status == 200)
        told = [asyncio.create_task(answer(reader)) for reader in readers]
        first, others = await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
        assert {each.result().code for each in first} == {"request_timeout"}
        for each in others:
            each.cancel()


async def test_a_body_has_to_come_at_some_pace(tmp_path: Path) -> None:
    async with running(tmp_path, body_timeout_s=0.1, min_body_bytes=1000) as api:
        for sent in (post(MIB), post(MIB, b"{" * 999), post(None, b"1\r\n{\r\n")):
            late = await send(api, sent)
            assert (late.status, late.code) == (408, "request_timeout")


@pytest.mark.parametrize("length", [MIB + 1, None])
async def test_a_body_is_cut_where_it_gets_too_large(tmp_path: Path, length: int | None) -> None:
    async with running(tmp_path) as api:
        body = b"%x\r\n%s" % (8 * MIB, b" " * (MIB + 1)) if length is None else b""
        large = await send(api, post(length, body))
        assert (large.status, large.code) == (413, "body_too_large")


async def test_paths_without_a_task_take_small_bodies(tmp_path: Path) -> None:
    async with running(tmp_path) as api:
        status, reply = await api.json("PUT", "/sessions/s1", data=b" " * (64 * 1024 + 1))
        assert (status, reply["error_code"]) == (413, "body_too_large")


async def test_bombs_are_not_inflated(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * 20 * MIB)
    async with running(tmp_path, max_task_body=20 * MIB, max_task_bytes=96 * MIB) as api:
        before = psutil.Process().memory_info().rss
        sent = post(len(bomb), bomb, b"Content-Encoding: gzip\r\n")
        answers = await asyncio.gather(*(send(api, sent) for _ in range(12)))
        assert {each.status for each in answers} == {415}
        assert psutil.Process().memory_info().rss - before < 8 * MIB


async def test_a_body_is_asked_for_only_where_it_is_wanted(tmp_path: Path) -> None:
    expecting = b"Expect: 100-continue\r\n"
    async with running(tmp_path) as api:
        async with connected(api, post(len(BODY), headers=expecting)) as (reader, writer):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(BODY)
            assert (await answer(reader)).status == 200
        assert (await send(api, post(2 * MIB, headers=expecting))).code == "body_too_large"


@pytest.mark.parametrize("rest", [b"zz\r\n", b""])
async def test_a_body_that_breaks_off_is_no_fault_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rest: bytes
) -> None:
    async with running(tmp_path, body_timeout_s=0.2) as api:
        async with connected(api, post(None, b"1\r\n{\r\n")) as (reader, writer):
            writer.write(rest)
            if rest:
                assert (await answer(reader)).status in (400, 408)
        assert (await send(api, post(len(BODY), BODY))).status == 200
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
