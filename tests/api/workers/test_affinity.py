"""Where sessions have been, in a real Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from argusd.api.workers.affinity import Affinity

from ...waiting import answered

KEY = "ml:session:s:face"


@pytest.fixture
async def affinity(redis: Redis) -> AsyncIterator[Affinity]:
    """One that writes."""
    affinity = Affinity(redis)
    writing = asyncio.create_task(affinity.run())
    yield affinity
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing


async def test_what_comes_together_is_written_together(redis: Redis, affinity: Affinity) -> None:
    before = (await redis.info("stats"))["total_reads_processed"]
    for session in range(100):
        affinity.remember(f"s{session}", "face", "scheduler-0")
    await answered(lambda: redis.get("ml:session:s99:face"), lambda name: name == b"scheduler-0")
    assert await redis.get("ml:session:s0:face") == b"scheduler-0"
    assert (await redis.info("stats"))["total_reads_processed"] - before < 50


async def test_another_api_finds_it_in_redis(redis: Redis, affinity: Affinity) -> None:
    affinity.remember("s", "face", "scheduler-1")
    assert await affinity.find("s", "face") == "scheduler-1"
    await answered(lambda: redis.get(KEY), lambda name: name == b"scheduler-1")
    assert await Affinity(redis).find("s", "face") == "scheduler-1"


async def test_nothing_of_a_session_that_is_deleted_is_written_afterwards(
    redis: Redis, affinity: Affinity
) -> None:
    affinity.remember("s", "face", "scheduler-0")
    await affinity.forget("s")
    affinity.remember("other", "face", "scheduler-0")
    await answered(lambda: redis.get("ml:session:other:face"), lambda name: name == b"scheduler-0")
    assert await redis.get(KEY) is None


async def test_what_is_being_written_of_it_is_there_before_the_session_is_deleted(
    redis: Redis, affinity: Affinity, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go, begun = asyncio.Event(), asyncio.Event()
    write = affinity._write

    async def slow() -> None:
        begun.set()
        await let_go.wait()
        await write()

    monkeypatch.setattr(affinity, "_write", slow)
    affinity.remember("s", "audio", "scheduler-0")
    await begun.wait()
    forgotten = asyncio.create_task(affinity.forget("s"))
    await asyncio.sleep(0)
    assert not forgotten.done()
    let_go.set()
    await forgotten


async def test_where_a_session_was_at_another_host_says_nothing_here(redis: Redis) -> None:
    here, there = Affinity(redis, "here"), Affinity(redis, "there")
    writing = asyncio.create_task(there.run())
    there.remember("s", "face", "scheduler-1")
    await answered(lambda: redis.get(KEY), lambda name: name == b"there/scheduler-1")
    assert await here.find("s", "face") is None
    assert await Affinity(redis, "there").find("s", "face") == "scheduler-1"
    writing.cancel()
