"""A configured Redis that cannot be worked with is refused at the start, in a sentence that says why."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ClusterDownError

from argusd.api.errors import RedisUnfit
from argusd.api.events.redis_store import connect
from argusd.api.store.abilities import check_abilities

from ...shared_redis import connected, shared_redis
from ...waiting import answered
from ..fakes import FakeScheduler, FakeWorker
from ..fixtures import RunningApi, make_config, one_of_several

DOCS = Path(__file__).parents[3] / "docs" / "cluster.md"
SLOTS = 16_384


def needed(password: str) -> list[str]:
    """The words of the command by which the documentation makes a user for us."""
    found = re.search(r"^ACL SETUSER (.*)$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert found
    return found[1].replace("PASSWORD", password).split()


@pytest.fixture
def url() -> Iterator[str]:
    with shared_redis() as url:
        yield url


async def as_user(url: str, *words: str) -> str:
    """The URL of a Redis for a user with these rights."""
    async with connected(url) as redis:
        await cast(Any, redis).execute_command("ACL", "SETUSER", *words)
    return url.replace("redis://", f"redis://{words[0]}:s3cret@")


async def test_a_redis_cluster(tmp_path: Path) -> None:
    with shared_redis(cluster_enabled="yes", cluster_config_file=f"{tmp_path}/nodes.conf") as url:
        redis = connect(url, 5.0)
        with pytest.raises(RedisUnfit, match="names a Redis Cluster"):
            await check_abilities(redis, scripts=False)
        await cast(Any, redis).execute_command("CLUSTER", "ADDSLOTS", *range(SLOTS))

        async def is_up() -> bool:
            try:
                return await redis.exists("ml:layout") == 0
            except ClusterDownError:
                return False

        await answered(is_up, bool)
        with pytest.raises(RedisUnfit, match="names a Redis Cluster"):
            await check_abilities(redis, scripts=False)
        await redis.aclose()


async def test_a_user_that_may_not_run_scripts(url: str) -> None:
    rights = [word for word in needed("s3cret") if word != "+@scripting"]
    redis = connect(await as_user(url, *rights), 5.0)
    await check_abilities(redis, scripts=False)
    with pytest.raises(RedisUnfit, match=r"'evalsha' command.* docs/cluster.md"):
        await check_abilities(redis, scripts=True)
    await redis.aclose()


async def test_the_rights_that_are_documented_do(url: str, tmp_path: Path) -> None:
    settings = one_of_several("a", await as_user(url, *needed("s3cret")))
    worker = FakeWorker(tmp_path / "ingest-0.sock")
    scheduler = FakeScheduler(tmp_path / "scheduler-0.sock")
    async with RunningApi(make_config(tmp_path, **settings)) as api:
        await api.until_ready()
        await api.json("PUT", "/sessions/s1", json={})
        await api.publish("s1")
        scheduler.find("s1")
        async with api.events("/sessions/s1/events", "0") as events:
            assert (await events.next())[2]["name"] == "connecting"
        assert (await api.json("DELETE", "/sessions/s1"))[0] == 204
        async with connected(url) as redis:
            assert await refused_commands(redis) <= {b"client"}, "by which the library says who it is"
    worker.die()
    scheduler.die()


async def refused_commands(redis: Redis) -> set[bytes]:
    """What Redis has refused its users so far."""
    log = await cast(Any, redis).execute_command("ACL", "LOG")
    return {entry[b"object"] for entry in log}
