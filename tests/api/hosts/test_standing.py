"""How much room one of several hosts tells."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.hosts import hosts
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.messages import RoleStatus

from ...waiting import answered
from ..fixtures import Rig, one_of_several, running_rig


@pytest.fixture(autouse=True)
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "BEAT_EVERY_S", 0.02)


@pytest.fixture
async def host(tmp_path: Path, redis_url: str, redis: Redis) -> AsyncIterator[Rig]:
    async with running_rig(tmp_path, **one_of_several("a", redis_url)) as rig:
        yield rig


async def test_a_host_is_not_chosen_while_a_role_of_its_streams_has_no_model(host: Rig, redis: Redis) -> None:
    async def told(room: int) -> None:
        await answered(lambda: redis.zscore(keys.HOSTS, "a"), lambda score: score == room)

    await told(4)
    host.scheduler.tell_stats(roles=[RoleStatus("vad", "", False, "it is being loaded", 0.0)])
    await told(0)
    host.scheduler.tell_stats(roles=[RoleStatus("vad", "silero", True, "", 0.1)])
    await told(4)
