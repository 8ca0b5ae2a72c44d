"""Two apis on one Redis, each with a fake worker and scheduler: what becomes of a dead one's sessions."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.hosts import beats, hosts, undertaker
from argusd.api.hosts.beats import Beats
from argusd.api.hosts.claims import Claims
from argusd.scheduler.contract import redis_keys as keys

from ..fakes import FakeScheduler, FakeWorker
from ..fixtures import RunningApi, make_config, one_of_several


@pytest.fixture(autouse=True)
def quick_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "BEAT_EVERY_S", 0.1)
    monkeypatch.setattr(undertaker, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(undertaker, "STEADY_S", 0.1)


@contextlib.asynccontextmanager
async def host(folder: Path, name: str, redis_url: str) -> AsyncIterator[RunningApi]:
    (folder / name).mkdir()
    worker = FakeWorker(folder / name / "ingest-0.sock")
    scheduler = FakeScheduler(folder / name / "scheduler-0.sock")
    api = RunningApi(make_config(folder / name, **one_of_several(name, redis_url)))
    await api.open()
    try:
        await api.until_ready()
        yield api
    finally:
        if not api.http.closed:
            await api.close()
        worker.die()
        scheduler.die()


async def die(api: RunningApi, redis: Redis) -> None:
    """End it where it stands; its beat is over."""
    await api.kill()
    await Beats(redis).end(api.config.cluster.host_id if api.config.cluster else "")


async def place(redis: Redis, session_id: str, host_id: str) -> None:
    """Have a host hold a session, whichever has more room."""
    await redis.hset(keys.holder(session_id), mapping={"host": host_id, "epoch": 1})


async def test_sessions_of_a_dead_host_end_as_lost_and_go_on_elsewhere(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with host(tmp_path, "a", redis_url) as a, host(tmp_path, "b", redis_url) as b:
        await place(redis, "s1", "a")
        await a.json("PUT", "/sessions/s1", json={"policy": {"economy": True}})
        await a.publish("s1")
        await die(a, redis)
        lost = await b.until("/sessions/s1", lambda body: body.get("state") == "lost")
        assert lost["policy"]["economy"]
        async with b.events("/sessions/s1/events", "0") as events:
            told = [event for _, _, event in await events.take(2)]
            await b.publish("s1")
            told.append((await events.next())[2])
        assert [(event["seq"], event["name"]) for event in told] == [
            (1, "connecting"),
            (2, "session_lost"),
            (3, "connecting"),
        ]
        assert told[1]["data"]["reason"] == "host_lost"


async def test_a_host_that_comes_back_soon_keeps_its_sessions(
    redis: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beats, "LIFE_S", 60.0)  # however long it takes here, it is soon
    async with host(tmp_path, "a", redis_url) as a, host(tmp_path, "b", redis_url) as b:
        await place(redis, "s1", "a")
        await a.publish("s1")
        await a.restart()
        assert (await a.json("GET", "/sessions/s1"))[1]["state"] == "live"
        assert (await b.json("PUT", "/sessions/s1", json={}))[1]["host_id"] == "a"


async def test_what_a_host_held_that_has_ended_in_order_others_hold(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with host(tmp_path, "a", redis_url) as a, host(tmp_path, "b", redis_url) as b:
        await place(redis, "s1", "a")
        await a.json("PUT", "/sessions/s1", json={})
        assert (await a.json("GET", "/sessions/s1"))[1]["host_id"] == "a"
        await a.close()
        held = await b.until("/sessions/s1", lambda body: "state" in body)
        assert (held["host_id"], held["state"]) == ("b", "created")
        assert [each["host_id"] for each in (await b.json("GET", "/hosts"))[1]["hosts"]] == ["b"]
        assert (await b.metrics())["ml_hosts"] == 1


async def test_who_cannot_beat_takes_nothing_new(
    redis: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beats, "LIFE_S", 0.5)
    async with host(tmp_path, "a", redis_url) as a:
        await redis.client_pause(600_000, all=False)  # what would change anything waits
        try:
            body = await a.until("/ready", lambda body: not body["ready"])
            away = "the daemon cannot tell the other hosts that it is there: Redis does not answer"
            assert away in body["reasons"]
            async with a.http.put("/sessions/s1", json={}) as response:
                assert (response.status, "Retry-After" in response.headers) == (503, True)
        finally:
            await redis.client_unpause()
        await a.until_ready()


async def test_what_was_claimed_for_a_host_that_nobody_then_came_to_ends_as_lost_too(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with host(tmp_path, "a", redis_url) as a, host(tmp_path, "b", redis_url) as b:
        await place(redis, "s1", "a")
        await a.publish("s1")
        await die(a, redis)
        await Claims(redis, "c").claim("s1", only="b")  # as a front door whose client does not follow its 307
        lost = await b.until("/sessions/s1", lambda body: body.get("state") == "lost")
        assert lost["host_id"] == "b"
        async with b.events("/sessions/s1/events", "0") as events:
            told = [event["name"] for _, _, event in await events.take(2)]
        assert told == ["connecting", "session_lost"]
