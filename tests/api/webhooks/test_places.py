from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from argusd.api.webhooks.places import RENEW_EVERY_S, LeasedPlace, OwnPlace
from argusd.scheduler.contract import redis_keys as keys

from ...shared_redis import connected, shared_redis


@pytest.fixture
async def shared() -> AsyncIterator[Redis]:
    with shared_redis() as url:
        async with connected(url) as redis:
            yield redis


async def test_the_only_host_moves_the_place_as_it_likes(redis: Redis) -> None:
    place = OwnPlace(redis, "exams")
    assert await place.take()
    assert await place.read() is None
    assert await place.move(7)
    assert await OwnPlace(redis, "exams").read() == 7
    assert await OwnPlace(redis, "other").read() is None


async def test_of_several_hosts_one_at_a_time_moves_the_place(shared: Redis) -> None:
    here, there = (LeasedPlace(shared, "exams", host_id) for host_id in ("here", "there"))
    assert await here.take()
    assert not await there.take()
    assert await here.take(), "it is kept by asking again"
    assert await here.move(7)
    assert not await there.move(9)
    assert await there.read() == 7
    await there.give()
    assert not await there.take(), "who has no lease gives none back"
    await here.give()
    assert await there.take()
    assert not await here.move(8)
    assert await there.read() == 7


async def test_a_lease_ends_by_itself_but_not_between_two_renewals(shared: Redis) -> None:
    await LeasedPlace(shared, "exams", "here").take()
    assert 2_000 * RENEW_EVERY_S < await shared.pttl(keys.webhook_lease("exams")) <= 10_000
