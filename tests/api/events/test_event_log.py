"""What the event log stores and loses; and a Redis that goes away and comes back under a running api."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis

from argusd.api.events.event_log import EventLog
from argusd.api.events.event_store import EventStore
from argusd.api.events.feeds import Feeds
from argusd.api.events.history import History
from argusd.api.sessions.session import Media
from argusd.api.store.embedded_redis import EmbeddedRedis
from argusd.api.store.unreadable import Unreadable
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.messages import Latest

from ...waiting import answered
from ..fakes import S1, make_finding
from ..fixtures import OFFER, SDP, Rig, make_config, running_rig


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    """A Redis that tests may hurt; the api connects to it as to any configured one."""
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def rig(tmp_path: Path, server: EmbeddedRedis) -> AsyncIterator[Rig]:
    url = f"unix://{server.socket}"
    async with running_rig(tmp_path, redis_url=url, redis_timeout_s=0.2, journal_entries=50) as rig:
        yield rig


def process_of(server: EmbeddedRedis) -> int:
    assert server.pid is not None
    return server.pid


async def numbers_after(rig: Rig, seq: int, count: int) -> list[int]:
    async with rig.api.events("/sessions/s1/events", f"s1:{seq}") as events:
        return [event["data"]["number"] for _, _, event in await events.take(count)]


async def test_what_is_found_while_redis_hangs_is_stored_afterwards(rig: Rig, server: EmbeddedRedis) -> None:
    await rig.api.publish("s1")
    os.kill(process_of(server), signal.SIGSTOP)
    try:
        for _ in range(20):
            rig.scheduler.find("s1")
        readiness = await rig.api.until("/ready", lambda body: body["buffered_events"] == 20)
        for _ in range(5):  # whether they are being written or tried again in a moment
            assert (await rig.api.json("GET", "/ready"))[1]["buffered_events"] == 20
        assert readiness["reasons"] == ["Redis does not answer; events wait in memory"]
        status, body = await rig.api.json("PUT", "/sessions/s2")
        assert (status, body["error_code"]) == (503, "store_unavailable")
    finally:
        os.kill(process_of(server), signal.SIGCONT)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 20)
    assert await numbers_after(rig, 1, 20) == list(range(1, 21))
    await rig.api.until_ready()


async def test_a_killed_redis_comes_back_with_everything(rig: Rig, server: EmbeddedRedis) -> None:
    await rig.api.publish("s1")
    for _ in range(10):
        for _ in range(10):
            rig.scheduler.find("s1")
        before = process_of(server)
        os.kill(before, signal.SIGKILL)
        last = rig.scheduler.find("s1").number
        await rig.scheduler.until(lambda last=last: rig.scheduler.acked == last)  # type: ignore[misc]
    assert await numbers_after(rig, 1, 110) == list(range(1, 111))


async def test_publishing_while_redis_hangs_is_refused_and_undone(rig: Rig, server: EmbeddedRedis) -> None:
    os.kill(process_of(server), signal.SIGSTOP)
    try:
        async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
            assert (response.status, (await response.json())["error_code"]) == (503, "store_unavailable")
            assert response.headers["Retry-After"] == "2"
    finally:
        os.kill(process_of(server), signal.SIGCONT)
    assert rig.worker.closed == ["s1"]
    await rig.api.until_ready()
    await rig.api.publish("s1")


class LogBench:
    """An event log that keeps four entries at the most; ``stored``: what it says is in Redis."""

    def __init__(self, redis: Redis, directory: Path) -> None:
        self.redis = redis
        self.stored: list[tuple[str, int]] = []
        config = make_config(directory, journal_entries=4)
        self.log = EventLog(
            redis,
            config,
            Feeds(History(redis)),
            "api-1",
            lambda *told: self.stored.append(told),
            Unreadable(redis, config.retention_s),
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.log.run())
        yield
        await self.log.drain()
        task.cancel()

    async def results(self) -> dict[bytes, bytes]:
        return cast(dict[bytes, bytes], await cast(Any, self.redis.hgetall(keys.results("s1"))))


@pytest.fixture
def bench(redis: Redis, tmp_path: Path) -> LogBench:
    return LogBench(redis, tmp_path)


def latest(face_count: int) -> Latest:
    return Latest(S1, "face", 59.0, 20.0, 3, {}, {"face_count": face_count})


async def test_as_many_entries_wait_as_may_and_then_the_oldest_finding_goes(bench: LogBench) -> None:
    for number in range(1, 5):
        bench.log.found("scheduler-0", make_finding("boot-1", number, "s1"), known=True)
    assert (bench.log.buffered, bench.log.lost_events) == (4, 0)
    bench.log.found("scheduler-0", make_finding("boot-1", 5, "s1"), known=True)
    assert (bench.log.buffered, bench.log.lost_events) == (4, 1)
    async with bench.running():
        pass
    assert [seq for seq, _ in (await History(bench.redis).page("s1", 0)).frames] == [2, 3, 4, 5]
    assert (bench.log.stored_events, bench.stored) == (4, [("boot-1", 5)])


async def test_findings_of_sessions_that_are_no_more_are_acknowledged_and_cost_no_memory(
    bench: LogBench,
) -> None:
    async with bench.running():
        await bench.log.erase("s1")
        before = (await bench.redis.info("commandstats"))["cmdstat_hgetall"]["calls"]
        for number in range(1, 4):
            bench.log.found("scheduler-0", make_finding("boot-1", number, f"gone-{number}"), known=False)
        await bench.log.drain()
        after = (await bench.redis.info("commandstats"))["cmdstat_hgetall"]["calls"]
    assert after == before, "where they stand is neither read nor remembered"
    assert bench.stored[-1] == ("boot-1", 3)


async def test_where_media_are_is_kept_without_an_event(bench: LogBench) -> None:
    media = Media("live", "ingest-0", "secret", "ufrag", ("video",), 1.0)
    async with bench.running():
        bench.log.keep("s1", media)
    raw = await cast(Any, bench.redis.hget(keys.record("s1"), "media"))
    assert msgspec.json.decode(raw, type=Media) == media
    assert (bench.log.stored_events, bench.stored) == (0, [("api-1", 1)])


async def test_of_a_streams_results_the_newest_is_kept_until_it_is_forgotten(bench: LogBench) -> None:
    async with bench.running():
        bench.log.latest(latest(1))
        bench.log.latest(latest(2))
        found = await answered(bench.results, lambda found: b"latest:face" in found)
        assert msgspec.json.decode(found[b"latest:face"])["data"] == {"face_count": 2}
        bench.log.latest(latest(3))
        await answered(bench.results, lambda found: b'"face_count":3' in found[b"latest:face"])
        bench.log.latest(latest(4))
        bench.log.forget("s1", ["face"])
        await answered(bench.results, lambda found: not found)


async def test_nothing_is_left_of_an_erased_session(bench: LogBench) -> None:
    async with bench.running():
        bench.log.found("scheduler-0", make_finding("boot-1", 1, "s1"), known=True)
        bench.log.latest(latest(1))
        await bench.log.erase("s1")
    assert await bench.results() == {}
    assert await History(bench.redis).page("s1", 0) == (0, 0, [])


async def test_nothing_is_left_of_a_session_that_is_erased_while_a_write_fails(
    bench: LogBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, erased = asyncio.Event(), asyncio.Event()
    load = EventStore.load

    async def breaks_once(*given: Any) -> None:
        if not writing.is_set():
            writing.set()
            await erased.wait()
            raise ConnectionError
        await load(*given)

    monkeypatch.setattr(EventStore, "load", breaks_once)
    async with bench.running():
        bench.log.latest(latest(1))
        bench.log.found("scheduler-0", make_finding("boot-1", 1, "s1"), known=True)
        await writing.wait()
        erasing = bench.log.erase("s1")
        erased.set()
        await erasing
    assert await bench.results() == {}
