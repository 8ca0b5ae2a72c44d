import pytest
from redis.asyncio import Redis

from argusd.api.access.grants import EVERYTHING, Grant
from argusd.api.access.stamps import LIFE_S, Stamps
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import StoreUnavailable, Unauthorized


def shown(stamp: str | None, session_id: str = "s1") -> Grant:
    return EVERYTHING._replace(session_id=session_id, stamp=stamp)


async def test_all_of_a_session_carry_one_stamp_at_every_host_until_it_is_deleted(redis: Redis) -> None:
    stamp = await Stamps(redis).of("s1")
    assert await Stamps(redis).of("s1") == stamp
    await Stamps(redis).check(shown(stamp))
    await Stamps(redis).end("s1")
    for _ in range(2):
        with pytest.raises(Unauthorized, match="was deleted"):
            await Stamps(redis).check(shown(stamp))
        assert await Stamps(redis).of("s1") != stamp, "also once a session of this id is there again"


async def test_nobody_gets_in_with_another_sessions_stamp(redis: Redis) -> None:
    stamps = Stamps(redis)
    await stamps.of("s2")
    with pytest.raises(Unauthorized):
        await stamps.check(shown(await stamps.of("s1"), "s2"))


async def test_who_shows_none_is_not_asked_for_one() -> None:
    await Stamps(Redis(unix_socket_path="/nowhere")).check(shown(None))


async def test_a_stamp_is_there_as_long_as_the_longest_token(redis: Redis) -> None:
    await Stamps(redis).of("s1")
    await redis.expire(keys.stamp("s1"), 1)
    await Stamps(redis).of("s1")
    assert LIFE_S - 60 < await redis.ttl(keys.stamp("s1")) <= LIFE_S


async def test_without_the_store_nobody_knows_of_a_stamp() -> None:
    away = Stamps(Redis(unix_socket_path="/nowhere"))
    with pytest.raises(StoreUnavailable):
        await away.of("s1")
    with pytest.raises(StoreUnavailable):
        await away.check(shown("a stamp"))
    with pytest.raises(StoreUnavailable):
        await away.end("s1")
