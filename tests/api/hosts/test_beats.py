import pytest
from redis.asyncio import Redis

from argusd.api.hosts import beats
from argusd.api.hosts.beats import Beats, Host
from argusd.api.hosts.claims import Claims
from argusd.scheduler.contract import redis_keys as keys

A, B = Host("a", "http://a", boot="first", room=2), Host("b", "http://b", room=0, draining=True)


async def test_a_beat_tells_of_the_one_before_and_how_many_hosts_there_are(redis: Redis) -> None:
    told = Beats(redis)
    assert [(await told.tell(each))[:2] for each in (A, A, B)] == [(None, 1), (A, 1), (None, 2)]


async def test_hosts_are_listed_by_their_ids_and_those_that_drain_are_placed_nowhere(redis: Redis) -> None:
    told = Beats(redis)
    for each in (B, A):
        await told.tell(each)
    assert await told.living() == [A, B]
    assert await told.roomiest() == [A]
    assert (await told.find("b"), await told.find("c")) == (B, None)


async def test_a_beat_that_is_over_is_overdue_until_its_host_is_buried(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Beats(redis)
    await told.tell(B)
    assert await told.overdue() == []
    monkeypatch.setattr(beats, "LIFE_S", 0.001)
    await told.tell(A)
    while await told.find("a") is not None:
        pass
    assert await told.overdue() == ["a"]
    await told.bury("a")
    assert await told.overdue() == []


async def test_a_host_that_has_left_is_overdue_at_once(redis: Redis) -> None:
    told = Beats(redis)
    await told.tell(A)
    await told.end("a")
    assert (await told.find("a"), await told.overdue()) == (None, ["a"])
    assert await redis.zcard(keys.HOSTS) == 0


async def test_several_beats_go_together(redis: Redis) -> None:
    told = Beats(redis)
    async with redis.pipeline(transaction=False) as pipe:
        for each in (A, B):
            await told.tell_in(pipe, each)
        await pipe.execute()
    assert await told.living() == [A, B]


async def test_what_is_placed_on_a_host_takes_up_room_until_it_tells_that_it_has_come(redis: Redis) -> None:
    told, claims = Beats(redis), Claims(redis, "c")
    await told.tell(A)
    for session_id in ("s1", "s2"):
        await claims.claim(session_id)
    assert await redis.zscore(keys.HOSTS, "a") == 0
    await told.tell(A)  # it does not know of them so far
    assert await redis.zscore(keys.HOSTS, "a") == 0
    with_one = Host("a", "http://a", room=1)
    await told.tell(with_one, ["s1"])
    assert await redis.zscore(keys.HOSTS, "a") == 0
    await told.tell(with_one)
    assert await redis.zscore(keys.HOSTS, "a") == 0, "the other one is still on its way"
    await told.tell(with_one, ["s2"])
    assert await redis.zscore(keys.HOSTS, "a") == 1


async def test_what_is_not_placed_on_a_host_any_more_takes_up_no_room(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, claims = Beats(redis), Claims(redis, "c")
    await told.tell(A)
    await claims.claim("turned away")
    await told.tell(Host("b", "http://b", room=1))
    assert (await claims.claim("turned away", avoid=["a"])).host_id == "b"
    monkeypatch.setattr("argusd.api.hosts.claims.COMING_S", 0)
    await claims.claim("never came", only="a")
    await told.tell(A)
    assert await redis.zscore(keys.HOSTS, "a") == A.room
