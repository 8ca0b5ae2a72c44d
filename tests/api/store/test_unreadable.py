"""Stored bytes that cannot be read cost only what they were: everybody else goes on."""

import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys

from ..fakes import FakeScheduler, FakeWorker
from ..fixtures import RunningApi, make_config

SOUND = b'{"spec":{},"created_at":1.0,"updated_at":9999999999.0}'
DAMAGED = {
    "zeroes": bytes(40),
    "no JSON": b'{"spec":',
    "no UTF-8": b'{"spec":{"streams":["\xff"]},"created_at":1.0,"updated_at":2.0}',
    "another shape": b'["spec"]',
    "another type": b'{"spec":{},"created_at":"yesterday","updated_at":2.0}',
    "a policy that is none": b'{"spec":{"policy":{"rates":{"vad":-1}}},"created_at":1.0,"updated_at":2.0}',
    "nested beyond reason": b"[" * 5000,
    "nothing": b"",
}


@pytest.fixture
async def api(tmp_path: Path, redis: Redis) -> AsyncIterator[RunningApi]:
    """Not started yet; its store is ``redis``."""
    worker, scheduler = FakeWorker(tmp_path / "ingest-0.sock"), FakeScheduler(tmp_path / "scheduler-0.sock")
    api = RunningApi(make_config(tmp_path, redis_url=f"unix://{tmp_path}/store/redis.sock"))
    yield api
    worker.die()
    scheduler.die()


@contextlib.asynccontextmanager
async def running(api: RunningApi) -> AsyncIterator[RunningApi]:
    async with api:
        await api.until_ready()
        yield api


async def put(redis: Redis, key: str, field: str | bytes, value: bytes) -> None:
    await cast(Any, redis.hset(key, cast(str, field), cast(str, value)))


async def known(redis: Redis, session_id: str | bytes, spec: bytes = SOUND, **media: bytes) -> None:
    """Store a session, as an earlier api would have."""
    await cast(Any, redis.sadd(keys.held(""), cast(str, session_id)))
    key = keys.record(session_id if isinstance(session_id, str) else "x")
    await put(redis, key, "spec", spec)
    for field, body in media.items():
        await put(redis, key, field, body)


async def fields(redis: Redis, key: str) -> dict[bytes, bytes]:
    return await cast(Awaitable[dict[bytes, bytes]], redis.hgetall(key))


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED.keys())
async def test_a_session_record_that_cannot_be_read_is_set_aside(
    api: RunningApi, redis: Redis, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await known(redis, "bad", body)
    await known(redis, "good")
    async with running(api):
        sessions = (await api.json("GET", "/sessions"))[1]["sessions"]
        assert [each["session_id"] for each in sessions] == ["good"]
        assert await fields(redis, keys.unreadable("bad")) == {b"ml:session:bad:record spec": body}
        assert await redis.ttl(keys.unreadable("bad")) > 0
        assert (await api.metrics())["ml_store_unreadable_total{what=session}"] == 1
        _, ready = await api.json("GET", "/ready")
        assert "1 of what was stored could not be read and is set aside" in ready["degraded"]
        assert (await api.json("PUT", "/sessions/bad", json={}))[0] == 201, "it may begin anew"
    assert "what is stored cannot be read and is set aside: session of bad (1 in all)" in caplog.messages
    async with running(api):
        assert len((await api.json("GET", "/sessions"))[1]["sessions"]) == 2
        assert "ml_store_unreadable_total{what=session}" not in await api.metrics()


async def test_an_id_that_is_none_is_passed_over(api: RunningApi, redis: Redis) -> None:
    await known(redis, b"\xff\xfe")
    await known(redis, "good")
    async with running(api):
        assert len((await api.json("GET", "/sessions"))[1]["sessions"]) == 1


async def test_media_that_cannot_be_read_leave_the_session(api: RunningApi, redis: Redis) -> None:
    await known(redis, "s1", media=b'{"phase":"asleep"}')
    async with running(api):
        assert (await api.json("GET", "/sessions/s1"))[1]["state"] == "created"
        await api.publish("s1")


@pytest.mark.parametrize("key", [keys.held(""), keys.record("s1"), keys.ALL_EVENTS])
async def test_a_key_of_another_type_is_set_aside(api: RunningApi, redis: Redis, key: str) -> None:
    await known(redis, "s1")
    await redis.set(key, "of another program")
    async with running(api):
        await api.publish("s1")
        async with api.events("/sessions/s1/events", "0") as events:
            assert (await events.next())[2]["name"] == "connecting"
        assert await redis.get(keys.unreadable_key(key)) == b"of another program"


async def test_what_is_stored_of_one_session_holds_up_nobodys_events(api: RunningApi, redis: Redis) -> None:
    await put(redis, keys.results("s1"), "violation:phone", b"{")
    await put(redis, keys.open_violations("s1"), "face:gaze", b"\xff")
    await put(redis, keys.results("s1"), "latest:face", b"no")
    for key in (keys.results, keys.open_violations, keys.evidence):
        await put(redis, key("s1"), b"\xff", b"{}")
    await redis.set(keys.events("s2"), "of another program")
    await redis.xadd(keys.events("s3"), {"e": b'{"seq":\n'}, id="1-0")
    await redis.xadd(keys.events("s3"), {"x": b""}, id="2-0")
    wanted = {"results": 2, "open": 2, "events": 1}
    async with running(api):
        for session in ("s1", "s2", "s3"):
            await api.publish(session)
        for session, seq in (("s1", 1), ("s2", 1), ("s3", 3)):
            async with api.events(f"/sessions/{session}/events", "0") as events:
                read = await events.take(1 + (session == "s3"))
                assert [kind for _, kind, _ in read] == ["gap", ""][-len(read) :]
                assert (read[-1][0], read[-1][2]["name"]) == (f"{session}:{seq}", "connecting")
        status, results = await api.json("GET", "/sessions/s1/results")
        assert (status, results["streams"], results["violations"]) == (200, {}, {})
        assert await api.json("GET", "/sessions/s1/evidence") == (200, {"evidence": []})
        figures = await api.metrics()
        assert {what: figures[f"ml_store_unreadable_total{{what={what}}}"] for what in wanted} == wanted


async def test_all_events_are_read_past_what_cannot_be_read(api: RunningApi, redis: Redis) -> None:
    broken: list[dict[Any, Any]] = [{"s": b"\xff", "q": b"1"}, {"s": "s1", "q": "x"}, {"other": 1}]
    for number, row in enumerate(broken, 1):
        await redis.xadd(keys.ALL_EVENTS, row, id=f"{number}-0")
    async with running(api):
        await api.publish("s1")
        async with api.events("/events", "0") as events:
            assert [kind for _, kind, _ in await events.take(2)] == ["gap", ""]


async def test_what_an_older_daemon_stored_of_all_sessions_is_taken_in(api: RunningApi, redis: Redis) -> None:
    await put(redis, keys.OLDER_SESSIONS, "s1", SOUND)
    await put(redis, keys.OLDER_MEDIA, "s1", b'{"phase":"asleep"}')
    async with running(api):
        assert (await api.json("GET", "/sessions/s1"))[1]["updated_at"] == 9999999999.0
        assert await redis.exists(keys.OLDER_SESSIONS, keys.OLDER_MEDIA) == 0
