"""Hundreds of readers at once: nobody is refused wrongly, and nobody misses anything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import psutil
import pytest

from argusd.api.config import Token

from ..fixtures import EventReader, Rig, running_rig

READERS = 320
EVENTS = 60


@contextlib.asynccontextmanager
async def visitors(rig: Rig) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client without a limit of its own."""
    async with aiohttp.ClientSession(rig.api.url, connector=aiohttp.TCPConnector(limit=0)) as http:
        yield http


async def seqs(http: aiohttp.ClientSession, path: str, opened: asyncio.Barrier, count: int) -> list[int]:
    """The ids of so many events of a stream; the barrier is passed once it is open."""
    async with http.get(path) as response:
        assert response.status == 200, await response.text()
        reader = EventReader(response)
        await reader.next_block()
        await opened.wait()
        return [int(at.rpartition(":")[2]) for at, _, _ in await reader.take(count)]


async def test_hundreds_of_readers_get_every_event_in_order(rig: Rig) -> None:
    for session_id in ("s1", "s2"):
        await rig.api.publish(session_id)
    paths = ["/sessions/s1/events?after=0", "/sessions/s2/events", "/events?after=0", "/sessions/s1/events"]
    counts = [EVENTS + 1, EVENTS, 2 * EVENTS + 2, EVENTS]
    opened = asyncio.Barrier(READERS + 1)
    async with visitors(rig) as http, asyncio.TaskGroup() as group:
        read = [
            group.create_task(seqs(http, paths[number % 4], opened, counts[number % 4]))
            for number in range(READERS)
        ]
        await opened.wait()
        for _ in range(EVENTS):
            rig.scheduler.find("s1")
            rig.scheduler.find("s2")
    for number, task in enumerate(read):
        first = 1 if counts[number % 4] > EVENTS else 2
        assert task.result() == list(range(first, first + counts[number % 4]))


async def test_a_store_that_hangs_is_told_to_a_hundred_without_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = ["/sessions/s1/results", "/sessions/s1/events", "/events"]
    async with running_rig(tmp_path, redis_timeout_s=0.2) as rig, visitors(rig) as http:
        await rig.api.publish("s1")
        with hung_store(rig):
            answers = await asyncio.gather(*(refusal(http, paths[number % 3]) for number in range(100)))
        assert set(answers) == {(503, "store_unavailable", "2")}
        assert [each for each in caplog.records if each.exc_info] == []
        await rig.api.until_ready()
        assert (await rig.api.json("GET", "/sessions/s1/results"))[0] == 200


async def refusal(http: aiohttp.ClientSession, path: str) -> tuple[int, str, str]:
    """The status, code and ``Retry-After`` of an answer that is none."""
    async with http.get(path) as response:
        body = await response.json()
        return response.status, body["error_code"], response.headers["Retry-After"]


@contextlib.contextmanager
def hung_store(rig: Rig) -> Iterator[None]:
    """The embedded Redis is stopped meanwhile."""
    directory = str(rig.api.config.state_dir)
    children = psutil.Process().children()
    server = next(each for each in children if directory in " ".join(each.cmdline()))
    server.suspend()
    try:
        yield
    finally:
        server.resume()


async def test_one_client_has_so_many_streams_and_all_together_so_many(tmp_path: Path) -> None:
    tokens = [Token("first"), Token("second")]
    bounds = {"max_event_readers": 3, "max_event_readers_per_client": 2}
    async with running_rig(tmp_path, tokens=tokens, **bounds) as rig:

        def reading(token: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
            return rig.api.http.get("/events", headers={"Authorization": f"Bearer {token}"})

        async with reading("first") as one, reading("first") as two:
            assert (one.status, two.status) == (200, 200)
            async with reading("first") as third:
                assert (third.status, third.headers["Retry-After"]) == (429, "5")
                assert (await third.json())["error_code"] == "too_many_readers"
            async with reading("second") as one, reading("second") as two:
                assert (one.status, two.status) == (200, 503)
                assert two.headers["Retry-After"] == "10"
                assert (await two.json())["error_code"] == "overloaded"


async def test_clients_behind_a_trusted_proxy_are_told_apart(tmp_path: Path) -> None:
    bounds = {"max_event_readers_per_client": 1, "trusted_proxies": ("127.0.0.1",)}
    async with running_rig(tmp_path, **bounds) as rig, contextlib.AsyncExitStack() as stack:
        found = []
        for client in ("203.0.113.1", "203.0.113.2", "203.0.113.2"):
            reading = rig.api.http.get("/events", headers={"X-Forwarded-For": client})
            found.append((await stack.enter_async_context(reading)).status)
        assert found == [200, 200, 429]


async def test_who_leaves_makes_room_at_once(tmp_path: Path) -> None:
    """A reader that is gone is not noticed only by the next event or heartbeat."""
    async with running_rig(tmp_path, heartbeat_s=3600) as rig:
        async with rig.api.events("/events"):
            await rig.api.until_metric("ml_event_readers", 1)
        await rig.api.until_metric("ml_event_readers", 0)
