"""Two apis on one Redis, each with a fake worker and scheduler: neither touches what the other holds."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis

from argusd.api.hosts import hosts as beating
from argusd.api.hosts.beats import Host
from argusd.api.hosts.claims import PLACED_S, Claim, Claims
from argusd.api.sessions import actions, registry
from argusd.api.sessions.registry import Registry
from argusd.api.sessions.session import Ending, Media
from argusd.api.store.unreadable import Unreadable
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import HeldElsewhere, StoreUnavailable
from argusd.scheduler.contract.sessions import SessionSpec

from ...shared_redis import connected, shared_redis
from ...waiting import answered
from ..fakes import FakeScheduler, FakeWorker
from ..fixtures import RunningApi, make_config, one_of_several

POLICY = {"policy": {"economy": True}}


class OneHost:
    """An api of several, and its fakes."""

    def __init__(self, folder: Path, name: str, redis_url: str, **settings: Any) -> None:
        folder.mkdir()
        self.worker = FakeWorker(folder / "ingest-0.sock")
        self.scheduler = FakeScheduler(folder / "scheduler-0.sock")
        self.api = RunningApi(make_config(folder, **one_of_several(name, redis_url), **settings))


class Hosts:
    """Starts hosts; ``redis`` is what they share."""

    def __init__(self, folder: Path, redis: Redis, url: str, stack: contextlib.AsyncExitStack) -> None:
        self.redis = redis
        self._folder, self._url, self._stack = folder, url, stack

    async def start(self, name: str, **settings: Any) -> OneHost:
        host = OneHost(self._folder / name, name, self._url, **settings)
        self._stack.callback(host.worker.die)
        self._stack.callback(host.scheduler.die)
        await self._stack.enter_async_context(host.api)
        await host.api.until_ready()
        await answered(lambda: self.redis.zscore(keys.HOSTS, name), bool)
        return host

    async def give(self, session_id: str, host_id: str) -> None:
        """Have another host hold the session, unknown to the one that does."""
        await cast(Any, self.redis.hincrby(keys.holder(session_id), "epoch", 1))
        await cast(Any, self.redis.hset(keys.holder(session_id), "host", host_id))


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[Hosts]:
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(shared_redis())
        redis = await stack.enter_async_context(connected(url))
        yield Hosts(tmp_path, redis, url, stack)


async def test_a_host_that_starts_changes_nothing_of_anothers_sessions(hosts: Hosts) -> None:
    a = await hosts.start("a")
    await a.api.json("PUT", "/sessions/s1", json=POLICY)
    await a.api.publish("s1")
    before = (await a.api.json("GET", "/sessions/s1"))[1]
    b = await hosts.start("b")
    await b.api.restart()
    await b.api.until_ready()
    assert (await b.api.metrics())["ml_sessions"] == 0
    assert (await a.api.json("GET", "/sessions/s1"))[1] == before
    assert await hosts.redis.xlen(keys.events("s1")) == 1


async def test_sessions_that_are_set_up_take_up_room_until_their_media_have_ended(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = await hosts.start("a")

    async def room(wanted: int) -> None:
        await answered(lambda: hosts.redis.zscore(keys.HOSTS, "a"), lambda told: told == wanted)

    await room(4)
    for session_id in ("s1", "s2", "s3"):
        await a.api.json("PUT", f"/sessions/{session_id}", json={})
    await room(1)
    resource = await a.api.publish("s1")
    async with a.api.http.delete(resource) as response:
        assert response.status == 200
    await room(2)
    monkeypatch.setattr(registry, "AWAITED_S", 0.0)  # nobody has come to them
    await room(4)


async def test_sessions_that_are_set_up_while_hosts_beat_are_spread_evenly(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beating, "BEAT_EVERY_S", 0.02)
    started = [await hosts.start(name) for name in "abc"]
    for host in started:
        host.worker.max_sessions = host.worker.arena_fits_more = host.scheduler.fits_more = 100
        host.worker.stats()
        host.scheduler.tell_stats()

    async def rooms() -> list[float]:
        return [await hosts.redis.zscore(keys.HOSTS, name) or 0.0 for name in "abc"]

    await answered(rooms, lambda told: told == [100, 100, 100])
    placed = Counter[str]()
    for number in range(60):
        door = started[number % 3].api
        placed[(await door.json("PUT", f"/sessions/s{number}", json={}))[1]["host_id"]] += 1
    assert sorted(placed) == ["a", "b", "c"]
    assert max(placed.values()) - min(placed.values()) <= 2


async def test_what_is_deleted_leaves_nothing_and_is_held_by_nobody(hosts: Hosts) -> None:
    a = await hosts.start("a")
    await a.api.publish("s1")
    assert (await a.api.json("DELETE", "/sessions/s1"))[0] == 204
    left = [key async for key in hosts.redis.scan_iter("ml:session:*")]
    assert left == [keys.holder("s1").encode()], "its epoch goes on"
    assert await cast(Any, hosts.redis.hget(keys.holder("s1"), "host")) is None
    assert (await a.api.json("PUT", "/sessions/s1", json={}))[0] == 201


async def test_what_is_erased_too_late_for_its_caller_is_held_by_nobody_in_the_end(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = await hosts.start("a")
    await a.api.json("PUT", "/sessions/s1", json={})
    monkeypatch.setattr(actions, "STORED_WITHIN_S", 0.0)
    assert (await a.api.json("DELETE", "/sessions/s1"))[0] == 503
    await answered(lambda: cast(Any, hosts.redis.hget(keys.holder("s1"), "host")), lambda host: host is None)
    assert not await hosts.redis.exists(keys.record("s1"))


async def test_a_session_is_held_for_hours_once_it_has_come_and_not_because_it_was_refused(
    hosts: Hosts,
) -> None:
    a = await hosts.start("a")
    assert (await a.api.json("PUT", "/sessions/refused", json={"streams": ["smell"]}))[0] == 422
    assert (await a.api.json("PUT", "/sessions/s1", json={}))[0] == 201
    lives = [await hosts.redis.ttl(keys.holder(each)) for each in ("refused", "s1")]
    assert 0 < lives[0] <= PLACED_S < lives[1]


async def test_what_nobody_holds_any_more_can_be_deleted(hosts: Hosts) -> None:
    a = await hosts.start("a")
    await cast(Any, hosts.redis.hset(keys.results("s1"), "latest:face", "{}"))
    assert (await a.api.json("DELETE", "/sessions/s1"))[0] == 204
    assert not await hosts.redis.exists(keys.results("s1"))


async def test_a_session_is_defined_anew_only_when_the_one_before_is_erased(
    hosts: Hosts, tmp_path: Path
) -> None:
    await hosts.give("s1", "a")
    claims = Claims(hosts.redis, "a")
    registry = Registry(hosts.redis, make_config(tmp_path), Unreadable(hosts.redis, 600), claims)
    await claims.holder("s1")
    await registry.put("s1", SessionSpec())
    erased: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    registry.erase("s1", erased)
    putting = asyncio.create_task(registry.put("s1", SessionSpec(streams=("face",))))
    for _ in range(10):  # in which it would be stored, did it not wait
        await hosts.redis.ping()
    await hosts.redis.delete(keys.record("s1"))  # as the event log does, however late
    erased.set_result(None)
    assert (await putting)[1], "it is new"
    assert await hosts.redis.exists(keys.record("s1"))


async def test_a_session_that_is_not_erased_in_time_is_not_defined_anew(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "ERASED_WITHIN_S", 0.0)
    sessions = Registry(hosts.redis, make_config(tmp_path), Unreadable(hosts.redis, 600))
    sessions.erase("s1", asyncio.get_running_loop().create_future())
    with pytest.raises(StoreUnavailable):
        await sessions.put("s1", SessionSpec())


async def test_sessions_past_their_retention_are_forgotten_and_held_by_nobody(hosts: Hosts) -> None:
    a = await hosts.start("a", retention_s=1)
    await a.api.json("PUT", "/sessions/s1", json=POLICY)
    await a.api.until("/sessions", lambda body: body["sessions"] == [])
    await answered(lambda: hosts.redis.exists(keys.record("s1")), lambda count: count == 0)
    await answered(lambda: cast(Any, hosts.redis.hget(keys.holder("s1"), "host")), lambda host: host is None)
    await a.api.until_ready()


async def test_what_is_asked_for_a_session_that_was_lost_meanwhile_is_refused(
    hosts: Hosts, tmp_path: Path
) -> None:
    await hosts.give("s1", "a")
    claims = Claims(hosts.redis, "a")
    await claims.holder("s1")
    registry = Registry(hosts.redis, make_config(tmp_path), Unreadable(hosts.redis, 600), claims)
    await registry.put("s1", SessionSpec(streams=("face",)))
    stored = await cast(Any, hosts.redis.hget(keys.record("s1"), "spec"))
    await hosts.give("s1", "b")
    with pytest.raises(HeldElsewhere):
        await registry.put("s1", SessionSpec())
    assert await cast(Any, hosts.redis.hget(keys.record("s1"), "spec")) == stored


async def test_a_lost_session_ends_here_and_its_events_are_counted(hosts: Hosts) -> None:
    a = await hosts.start("a")
    await a.api.publish("s1")
    await hosts.give("s1", "b")
    a.scheduler.find("s1")
    await a.api.until("/sessions", lambda body: body["sessions"] == [])
    await a.worker.until(lambda: a.worker.closed == ["s1"])
    assert (await a.api.metrics())["ml_events_fenced_total"] == 1
    assert await hosts.redis.xlen(keys.events("s1")) == 1


@pytest.mark.parametrize("released", [False, True])
async def test_a_session_that_others_hold_by_now_is_soon_forgotten_although_nothing_is_written_for_it(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, released: bool
) -> None:
    """Also where it is deleted there meanwhile: else it would be told of here, and nobody could delete it."""
    monkeypatch.setattr(actions, "SWEEP_EVERY_S", 0.02)
    a = await hosts.start("a")
    for session_id in ("s1", "s2"):
        await a.api.json("PUT", f"/sessions/{session_id}", json={})
    async with hosts.redis.pipeline() as at_once:
        at_once.hset(keys.holder("s1"), mapping={"host": "b", "epoch": 2})
        if released:
            at_once.hdel(keys.holder("s1"), "host")
        await at_once.execute()
    listed = await a.api.until("/sessions", lambda body: len(body["sessions"]) == 1)
    assert listed["sessions"][0]["session_id"] == "s2"


async def test_a_session_that_is_taken_back_while_its_caller_is_still_talking_is_not_let_go(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = await hosts.start("a")
    await a.api.publish("s1")
    await hosts.redis.set(keys.host("b"), msgspec.json.encode(Host("b", "http://b", room=1)))
    await hosts.give("s1", "b")
    claim, claimed = Claims.claim, asyncio.Queue[tuple[Claims, Claim]]()

    async def seen(claims: Claims, *asked: Any, **how: Any) -> Claim:
        holder = await claim(claims, *asked, **how)
        claimed.put_nowait((claims, holder))
        return holder

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        claims, holder = await claimed.get()
        assert holder == ("b", 2)
        await hosts.redis.delete(keys.host("b"))
        assert await claims.take_over("s1", holder) == ("a", 3)
        yield b"}"

    monkeypatch.setattr(Claims, "claim", seen)
    json = {"Content-Type": "application/json"}
    refused = (await a.api.json("PUT", "/sessions/s1", data=body(), headers=json))[1]
    assert refused["error_code"] == "host_unreachable", "its host is gone that held it when it was asked"
    assert (await a.api.json("GET", "/sessions/s1"))[1]["state"] == "connecting"
    assert a.worker.closed == []


async def test_the_sockets_of_a_lost_session_are_closed_and_others_go_on(hosts: Hosts) -> None:
    a = await hosts.start("a")
    async with a.api.http.ws_connect("/ml/stream/s1/face") as socket:
        await hosts.give("s1", "b")
        a.scheduler.find("s1", "face")
        told = await socket.receive_json()
    assert (told["error_code"], "Another host" in told["error"]) == ("stream_ended", True)
    await a.api.publish("s2")


async def test_sessions_live_on_when_redis_loses_all_that_it_was_given(hosts: Hosts) -> None:
    a = await hosts.start("a")
    await a.api.json("PUT", "/sessions/s1", json=POLICY)
    await a.api.publish("s1")
    await hosts.redis.flushall()
    assert (await a.api.json("GET", "/sessions/s1"))[0] == 200, "nobody takes it for released"
    a.scheduler.find("s1")
    await answered(
        lambda: cast(Any, hosts.redis.hkeys(keys.record("s1"))),
        lambda told: sorted(told) == [b"media", b"spec"],
    )
    b = await hosts.start("b")
    seen = (await b.api.json("GET", "/sessions/s1"))[1]
    assert (seen["host_id"], seen["state"], seen["policy"]["economy"]) == ("a", "connecting", True)
    async with b.api.events("/sessions/s1/events", "1") as events:
        assert (await events.next())[2]["seq"] == 2


async def test_who_reads_all_sessions_events_goes_on_when_redis_has_lost_them(hosts: Hosts) -> None:
    """Also where a host that has written nothing so far is the first to write again."""
    a, b = await hosts.start("a"), await hosts.start("b")
    await hosts.give("s1", "a")
    async with b.api.events("/events") as events:
        await a.api.publish("s1")
        for _ in range(3):
            a.scheduler.find("s1")
        assert [at for at, _, _ in await events.take(4)] == ["1", "2", "3", "4"]
        await hosts.redis.flushall()
        await answered(lambda: hosts.redis.zcard(keys.HOSTS), lambda count: count == 2)
        await hosts.give("s2", "b")
        await b.api.publish("s2")
        gap, event = await events.take(2)
        assert gap[:2] == ("0", "gap")
        assert (event[0], event[2]["id"]) == ("1", "s2:1")
        a.scheduler.find("s1")
        gap, event = await events.take(2)
        assert (gap[1:], event[0]) == (("gap", {"type": "gap", "missed": 3}), "5")


async def test_a_session_that_was_claimed_for_this_host_is_as_it_was(hosts: Hosts, tmp_path: Path) -> None:
    a = await hosts.start("a")
    await a.api.json("PUT", "/sessions/s1", json=POLICY)
    await hosts.give("s1", "b")
    claims = Claims(hosts.redis, "b")
    assert await claims.holder("s1") == ("b", 2), "as the front door has seen it, before anybody is asked"
    registry = Registry(hosts.redis, make_config(tmp_path), Unreadable(hosts.redis, 600), claims)
    assert (await registry.ensure("s1")).record.spec.policy.economy
    assert await cast(Any, hosts.redis.smembers(keys.held("b"))) == {b"s1"}


async def test_what_a_lone_host_stored_waits_for_whoever_claims_it(hosts: Hosts) -> None:
    record = '{"spec":{"policy":{"economy":true}},"created_at":1.0,"updated_at":9999999999.0}'
    await cast(Any, hosts.redis.hset(keys.OLDER_SESSIONS, "s1", record))
    await cast(Any, hosts.redis.hset(keys.OLDER_SESSIONS, "s2", record))
    a = await hosts.start("a")
    assert (await a.api.json("GET", "/sessions"))[1]["sessions"] == []
    assert await hosts.redis.ttl(keys.record("s2")) > 0
    await a.api.publish("s1")
    assert (await a.api.json("GET", "/sessions/s1"))[1]["policy"]["economy"]
    assert await hosts.redis.ttl(keys.record("s1")) == -1
    assert not await hosts.redis.exists(keys.OLDER_SESSIONS, keys.held(""))


async def test_media_that_had_ended_in_order_at_a_dead_host_are_closed_and_not_lost(hosts: Hosts) -> None:
    a = await hosts.start("a")
    await a.api.publish("s1")
    b = await hosts.start("b")
    key = keys.record("s1")
    media = msgspec.json.decode(await cast(Any, hosts.redis.hget(key, "media")), type=Media)
    ended = msgspec.structs.replace(media, ending=Ending("left"))
    await cast(Any, hosts.redis.hset(key, "media", msgspec.json.encode(ended).decode()))
    await hosts.give("s1", "b")
    assert (await b.api.json("PUT", "/sessions/s1", json={}))[0] == 200
    async with b.api.events("/sessions/s1/events", "1") as events:
        closed = (await events.next())[2]
    assert (closed["name"], closed["data"]["reason"]) == ("closed", "left")
    assert closed["data"]["late_findings"] == "scheduler_away"
