import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from argusd.api.hosts import claims as claiming
from argusd.api.hosts.beats import Host
from argusd.api.hosts.claims import CLAIM_S, PLACED_S, Claim, Claims
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import Overloaded


async def beat(redis: Redis, **rooms: int) -> None:
    """Have hosts with so much room be there."""
    for name, room in rooms.items():
        await redis.set(keys.host(name), msgspec.json.encode(Host(name, f"http://{name}", room=room)))
        await redis.zadd(keys.HOSTS, {name: room})


async def test_a_session_goes_to_the_host_with_the_most_room_and_stays_there(redis: Redis) -> None:
    await beat(redis, a=2, b=5)
    claims = Claims(redis, "a")
    assert await claims.claim("one") == ("b", 1)
    await beat(redis, a=50)
    assert await claims.claim("one") == ("b", 1)
    assert claims.epoch("one") is None, "another host holds it"


@pytest.mark.parametrize("count", [2, 3])
async def test_sessions_that_come_at_once_are_spread(redis: Redis, count: int) -> None:
    await beat(redis, **{f"h{index}": 100 for index in range(count)})
    claims = [Claims(redis, f"h{index}") for index in range(count)]
    placed = await asyncio.gather(*(claims[each % count].claim(f"s{each}") for each in range(200)))
    spread = Counter(claim.host_id for claim in placed)
    assert max(spread.values()) - min(spread.values()) <= 2
    assert sum(spread.values()) == 200


async def test_a_session_of_a_dead_host_goes_to_another_under_the_next_epoch(redis: Redis) -> None:
    await beat(redis, a=2, b=5)
    claims = Claims(redis, "a")
    await claims.claim("one")
    await redis.delete(keys.host("b"))
    assert await claims.claim("one") == ("a", 2)
    assert claims.epoch("one") == 2


async def test_hosts_to_avoid_and_full_ones_are_not_chosen(redis: Redis) -> None:
    await beat(redis, a=1, b=5)
    claims = Claims(redis, "a")
    assert (await claims.claim("one", avoid=["b"])).host_id == "a"
    with pytest.raises(Overloaded):
        await claims.claim("two", avoid=["b"])


async def test_a_host_may_ask_for_itself_alone(redis: Redis) -> None:
    await beat(redis, a=1, b=5)
    assert (await Claims(redis, "a").claim("one", only="a")).host_id == "a"


async def test_what_a_dead_host_held_is_taken_over_once(redis: Redis) -> None:
    await beat(redis, b=1)
    dead = await Claims(redis, "a").claim("one")
    await redis.delete(keys.host("b"))
    takers = [Claims(redis, name) for name in "cd"]
    taken = await asyncio.gather(*(each.take_over("one", dead) for each in takers))
    assert sorted(each for each in taken if each) in ([Claim("c", 2)], [Claim("d", 2)])


async def test_a_session_that_is_released_is_placed_anew_and_its_epoch_goes_on(redis: Redis) -> None:
    await beat(redis, a=1)
    claims = Claims(redis, "a")
    await claims.claim("one")
    await claims.release("one")
    assert await claims.holder("one") is None
    await beat(redis, a=1)
    assert await claims.claim("one") == ("a", 2)


async def test_a_session_that_never_comes_is_held_for_two_minutes_and_then_forgotten(redis: Redis) -> None:
    await beat(redis, a=2)
    claims = Claims(redis, "a")
    for session_id in ("comes", "never"):
        await claims.claim(session_id)
    await redis.expire(keys.holder("comes"), 10)
    placed = await claims.renew("comes".__eq__, set())
    assert await redis.ttl(keys.holder("comes")) > CLAIM_S - 60
    assert 0 < await redis.ttl(keys.holder("never")) <= PLACED_S
    assert claims.epoch("never") == 1, "it may be on its way"
    await claims.renew("comes".__eq__, placed)
    assert (claims.epoch("comes"), claims.epoch("never")) == (1, None)


async def test_a_claim_that_lasts_for_hours_is_not_cut_short_by_who_asks(redis: Redis) -> None:
    await beat(redis, a=2)
    claims = Claims(redis, "a")
    await claims.claim("one")
    await redis.expire(keys.holder("one"), CLAIM_S)
    await claims.claim("one")
    assert await redis.ttl(keys.holder("one")) > PLACED_S


async def test_who_lost_a_session_does_not_release_it(redis: Redis) -> None:
    await beat(redis, a=1)
    loser = Claims(redis, "a")
    first = await loser.claim("one")
    await redis.delete(keys.host("a"))
    await Claims(redis, "b").take_over("one", first)
    await loser.release("one")
    assert await loser.holder("one") == ("b", 2)


async def test_a_holder_that_beats_again_keeps_what_it_holds(redis: Redis) -> None:
    await beat(redis, a=1)
    claim = await Claims(redis, "a").claim("one")
    assert await Claims(redis, "b").take_over("one", claim) is None
    assert await Claims(redis, "b").holder("one") == claim


@contextlib.asynccontextmanager
async def answers_late(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Semaphore]:
    """What is read of claims arrives once the context is left; Redis releases this for each answer."""
    execute, answered, on_its_way = Pipeline.execute, asyncio.Semaphore(0), asyncio.Event()

    async def late(pipe: Any, **how: Any) -> list[Any]:
        answers = await execute(pipe, **how)
        answered.release()
        await on_its_way.wait()
        return answers

    with monkeypatch.context() as patched:
        patched.setattr(Pipeline, "execute", late)
        try:
            yield answered
        finally:
            on_its_way.set()


async def another_holds(redis: Redis, session_id: str, epoch: int) -> Claim:
    """Host b does by now, and is gone already."""
    await redis.hset(keys.holder(session_id), mapping={"host": "b", "epoch": epoch})
    return Claim("b", epoch)


@pytest.mark.parametrize("epoch", [3, 1], ids=["next", "lost"])
async def test_a_session_taken_back_meanwhile_is_not_taken_for_anothers(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    """Also where Redis has lost the epochs, so that the one before comes again."""
    await redis.hset(keys.holder("one"), mapping={"host": "a", "epoch": 2})
    claims = Claims(redis, "a")
    await claims.holder("one")
    dead = await another_holds(redis, "one", epoch)
    async with answers_late(monkeypatch) as answered:
        asked = asyncio.gather(claims.gone(["one"]), claims.holder("one"))
        for _ in range(2):
            await answered.acquire()
        assert await claims.take_over("one", dead) == ("a", epoch + 1)
    assert [*await asked] == [[], dead], "as it was when that was asked"
    assert claims.epoch("one") == epoch + 1


async def test_a_session_that_another_host_holds_is_no_longer_ours(redis: Redis) -> None:
    await redis.hset(keys.holder("one"), mapping={"host": "a", "epoch": 2})
    claims = Claims(redis, "a")
    await claims.holder("one")
    await another_holds(redis, "one", 3)
    assert await claims.gone(["one", "unknown"]) == ["one"]
    assert claims.epoch("one") is None


async def test_a_session_that_another_host_has_released_is_no_longer_ours(redis: Redis) -> None:
    """As where it was turned away here, came there, and was deleted there."""
    await redis.hset(keys.holder("one"), mapping={"host": "a", "epoch": 2})
    claims = Claims(redis, "a")
    await claims.holder("one")
    await another_holds(redis, "one", 3)
    await redis.hdel(keys.holder("one"), "host")
    assert await claims.gone(["one", "lost"]) == ["one"]
    assert claims.epoch("one") is None


async def test_what_is_asked_of_many_sessions_is_asked_in_pieces(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "AT_A_TIME", 2)
    execute, sizes = Pipeline.execute, []

    async def counted(pipe: Any, **how: Any) -> list[Any]:
        sizes.append(len(pipe))
        return await execute(pipe, **how)

    monkeypatch.setattr(Pipeline, "execute", counted)
    claims, mine = Claims(redis, "a"), [f"s{index}" for index in range(5)]
    for session_id in mine:
        await redis.hset(keys.holder(session_id), mapping={"host": "a", "epoch": 1})
    assert await claims.held_of([*mine, "unknown"]) == mine
    await another_holds(redis, "s4", 2)
    assert await claims.gone(mine) == ["s4"]
    await claims.renew(lambda _: True, set())
    assert [await redis.ttl(keys.holder(each)) > 0 for each in mine] == [True] * 4 + [False]
    assert sizes == [2, 2, 2, 2, 2, 1, 2, 2]
