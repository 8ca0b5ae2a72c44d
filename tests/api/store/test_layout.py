"""Which daemons work with what lies in a Redis."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.errors import LayoutMisfit
from argusd.api.store.layout import LAYOUT, misfit, settle_layout
from argusd.scheduler.contract import redis_keys as keys

from ..fixtures import RunningApi, make_config


@pytest.mark.parametrize(
    ("found", "others", "fits"),
    [
        (None, [], True),  # nobody was there before
        (None, ["b"], False),  # hosts that told no layout yet
        (str(LAYOUT - 1).encode(), [], True),
        (str(LAYOUT - 1).encode(), ["b"], False),
        (str(LAYOUT).encode(), ["b"], True),
        (str(LAYOUT + 1).encode(), [], False),
        (b"of no daemon", [], True),
    ],
)
def test_what_is_older_is_taken_over_once_nobody_lives_there(
    found: bytes | None, others: list[str], *, fits: bool
) -> None:
    assert (misfit(found, others) is None) == fits


async def live(redis: Redis, host_id: str) -> None:
    """Have a host be there, as one of any layout is."""
    await redis.zadd(keys.HOSTS, {host_id: 5})
    await redis.set(keys.host(host_id), "{}")


async def test_the_layout_is_ours_once_no_older_host_lives(redis: Redis) -> None:
    await live(redis, "older")
    with pytest.raises(LayoutMisfit, match="hosts of an older argusd live on this Redis: older"):
        await settle_layout(redis, "newer")
    assert await redis.get(keys.LAYOUT) is None
    await redis.delete(keys.host("older"))
    await settle_layout(redis, "newer")
    assert await redis.get(keys.LAYOUT) == str(LAYOUT).encode()


async def test_a_host_that_is_upgraded_in_place_is_not_beside_itself(redis: Redis) -> None:
    await live(redis, "a")
    await settle_layout(redis, "a")


async def test_an_api_does_not_start_where_a_later_one_was(tmp_path: Path, redis: Redis) -> None:
    await redis.set(keys.LAYOUT, LAYOUT + 1)
    api = RunningApi(make_config(tmp_path, redis_url=f"unix://{tmp_path}/store/redis.sock"))
    with pytest.raises(LayoutMisfit, match="a later argusd laid this Redis out"):
        await api.open()
    await redis.set(keys.LAYOUT, LAYOUT)
    async with api:
        assert (await api.json("GET", "/sessions"))[0] == 200
