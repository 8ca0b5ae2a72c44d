"""Who is not there any more is not chosen."""

import asyncio
import secrets
import time
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from argusd.api.hosts.claims import Claims
from argusd.scheduler.contract.errors import Overloaded

from ..faults.outcome import Outcome
from .cluster import Cluster, Host

GONE_WITHIN_S = 4.0
EVERY_S = 0.05
REFUSALS = 30  # in a row, until a host that is gone is believed to be


async def last_chosen(cluster: Cluster, gone: str) -> float:
    """Place sessions at a host that is gone until it takes none; when it took the last."""
    async with Redis.from_url(cluster.redis_url) as redis:
        claims = Claims(redis, "nobody")
        last, refusals = time.monotonic(), 0
        while refusals < REFUSALS:
            try:
                await claims.claim(secrets.token_hex(8), only=gone)
            except Overloaded:
                refusals += 1
            else:
                last, refusals = time.monotonic(), 0
            await asyncio.sleep(EVERY_S)
        return last


LEAVING = [
    pytest.param(Host.die, id="killed", marks=pytest.mark.fault(21, "SIGKILL of a host, and the placement")),
    pytest.param(
        lambda host: host.machine.pull_cable(),
        id="cable",
        marks=pytest.mark.fault(22, "a host's cable is pulled, and the placement"),
    ),
]


@pytest.mark.parametrize("leave", LEAVING)
async def test_a_host_that_is_gone_is_soon_not_chosen(
    cluster: Cluster, outcome: Outcome, leave: Callable[[Host], None]
) -> None:
    _, gone = await cluster.run("ab")
    at = time.monotonic()
    leave(gone)
    took_s = await last_chosen(cluster, gone.name) - at
    outcome.took("not chosen any more", took_s, GONE_WITHIN_S)
    back = time.monotonic()
    await cluster.run("ab")
    outcome.recovered(time.monotonic() - back)
