import asyncio

import pytest
from redis.asyncio import Redis

from argusd.api.access.shared_clock import SharedClock
from argusd.api.hosts.hosts import Hosts, State
from argusd.api.ops.metrics import host_figures
from argusd.scheduler.contract import redis_keys as keys

from ...waiting import answered


@pytest.fixture
def hosts(redis: Redis) -> tuple[Hosts, Hosts]:
    """Two hosts on one Redis, with room for 5 and 3 sessions."""
    return host(redis, "a", 5), host(redis, "b", 3)


def host(redis: Redis, name: str, room: int) -> Hosts:
    return Hosts(redis, name, f"http://{name}:8015/", lambda: State(room, 0, False), SharedClock())


async def test_a_host_beats_once_it_listens(redis: Redis) -> None:
    starting = host(redis, "a", 5)
    beating = asyncio.create_task(starting.run())
    for _ in range(10):  # in which it would have beaten
        await redis.ping()
    assert not await redis.exists(keys.host("a"))
    starting.listening.set()
    await answered(lambda: redis.exists(keys.host("a")), bool)
    beating.cancel()


async def test_hosts_that_beat_see_each_other(hosts: tuple[Hosts, Hosts]) -> None:
    for each in hosts:
        await each.beat()
    assert [(host.host_id, host.url, host.room) for host in await hosts[0].living()] == [
        ("a", "http://a:8015", 5),
        ("b", "http://b:8015", 3),
    ]


async def test_a_host_whose_beat_is_over_is_not_there(hosts: tuple[Hosts, Hosts], redis: Redis) -> None:
    await hosts[1].beat()
    await redis.delete(keys.host("b"))  # as Redis does after three seconds
    assert await hosts[0].find("b") is None


async def test_a_host_that_leaves_is_off_the_list_at_once(hosts: tuple[Hosts, Hosts], redis: Redis) -> None:
    for each in hosts:
        await each.beat()
    await hosts[1].leave()
    assert [host.host_id for host in await hosts[0].living()] == ["a"]
    assert await redis.zrange(keys.HOSTS, 0, -1) == [b"a"]


async def test_a_host_that_comes_back_has_all_of_its_room(redis: Redis) -> None:
    """What was placed on its earlier life went with it."""
    await redis.zadd(keys.coming("a"), {"exam-1": 1e15})
    back = host(redis, "a", 5)
    await back.beat()
    assert await redis.zscore(keys.HOSTS, "a") == 5
    await redis.zadd(keys.coming("a"), {"exam-2": 1e15})
    await back.beat()
    assert await redis.zscore(keys.HOSTS, "a") == 4


async def test_a_draining_host_lives_and_takes_nothing(redis: Redis) -> None:
    draining = Hosts(redis, "a", "http://a:8015", lambda: State(5, 2, True), SharedClock())
    await draining.beat()
    assert [(each.draining, each.room) for each in await draining.living()] == [(True, 0)]
    assert await redis.zcard(keys.HOSTS) == 0


async def test_how_full_a_host_is_is_shown_where_there_are_others(redis: Redis) -> None:
    """By these a cluster's autoscaler goes."""
    await host(redis, "b", 3).beat()
    state = State(room=1, sessions=3, draining=False)
    hosts = Hosts(redis, "a", "http://a:8015", lambda: state, SharedClock())
    await hosts.beat()
    figures = [(sample.name, sample.value) for each in host_figures(hosts) for sample in each.samples]
    *figures, (name, ahead_s) = figures
    assert figures == [("ml_host_load", 0.75), ("ml_hosts", 2)]
    assert (name, abs(ahead_s) < 1) == ("ml_host_clock_ahead_seconds", True), "it is the same machine's"
    assert list(host_figures(None)) == []


async def test_a_host_that_redis_does_not_know_any_more_hears_of_it(redis: Redis) -> None:
    hosts = host(redis, "a", 5)
    for _ in range(2):
        await hosts.beat()
    assert not hosts.unknown.is_set()
    await redis.flushall()
    await hosts.beat()
    assert hosts.unknown.is_set()


async def test_a_host_is_cut_off_before_its_first_beat_and_not_after_it(hosts: tuple[Hosts, Hosts]) -> None:
    assert hosts[0].cut_off
    await hosts[0].beat()
    assert not hosts[0].cut_off


async def test_two_hosts_of_one_name_take_nothing_new_and_say_so(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = host(redis, "a", 5), host(redis, "a", 5)
    await one.beat()
    await other.beat()
    assert not caplog.records, "so it is when a daemon starts anew"
    heard_at = [each.steady_s for each in (one, other)]
    await one.beat()
    await other.beat()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "cluster.host_id" in caplog.text
    assert all(heard <= each.steady_s for heard, each in zip(heard_at, (one, other), strict=True))


async def test_those_with_the_most_room_come_first_and_full_and_dead_ones_not_at_all(redis: Redis) -> None:
    here, *others = [host(redis, name, room) for name, room in zip("abcde", (9, 1, 5, 0, 7), strict=True)]
    for each in (here, *others):
        await each.beat()
    await redis.delete(keys.host("e"))
    assert [each.host_id for each in await here.roomiest()] == ["c", "b"]
