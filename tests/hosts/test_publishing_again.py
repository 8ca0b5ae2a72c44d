"""A publisher whose host goes away: its session goes on at another one."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest
from redis.asyncio import Redis

from argusd.api.hosts.claims import Claims
from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.interviewer_bridge.events import Gap, subscribe
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event

from ..faults.outcome import Outcome
from .cluster import TOKEN, Cluster, Host

LIVE_AGAIN_WITHIN_S = 8.0


async def held_by(cluster: Cluster, host: Host) -> str:
    """A new session of this host, which is ready for it."""
    async with MLOrchestratorClient(host.url, TOKEN) as client:
        await client.wait_until_ready(("live",))
    session_id = secrets.token_hex(8)
    async with Redis.from_url(cluster.redis_url) as redis:
        await Claims(redis, "nobody").claim(session_id, only=host.name)
    return session_id


async def until(events: AsyncGenerator[Event | Gap, None], name: str) -> list[Event]:
    """The session's events up to one of this name."""
    told: list[Event] = []
    async with asyncio.timeout(30):
        async for event in events:
            assert isinstance(event, Event), "no event is missing"
            told.append(event)
            if event.name == name:
                break
    return told


LEAVING = [
    pytest.param(
        Host.die,
        ("b",),
        id="killed, another one is the front door",
        marks=pytest.mark.fault(23, "SIGKILL of a host, and its publishers"),
    ),
    pytest.param(
        lambda host: host.machine.pull_cable(),
        ("a", "b"),
        id="its cable pulled, and both are front doors",
        marks=pytest.mark.fault(24, "a host's cable is pulled, and its publishers"),
    ),
]


@pytest.mark.parametrize(("leave", "doors"), LEAVING)
async def test_a_publisher_goes_on_elsewhere_when_its_host_is_gone(
    cluster: Cluster, outcome: Outcome, leave: Callable[[Host], None], doors: Sequence[str]
) -> None:
    gone, _ = await cluster.run("ab")
    urls = ",".join(cluster.hosts[name].url for name in doors)
    session_id = await held_by(cluster, gone)
    async with Publisher(urls, session_id, synthetic(), token=TOKEN) as publisher:
        events = subscribe(urls, session_id, token=TOKEN, last_event_id=publisher.events_after)
        async with contextlib.aclosing(events):
            told = await until(events, "live")
            at = time.monotonic()
            leave(gone)
            told += await until(events, "live")
            outcome.took("live again", time.monotonic() - at, LIVE_AGAIN_WITHIN_S)
    names = [event.name for event in told if event.type == "session"]
    assert names == ["connecting", "live", "session_lost", "connecting", "live"]
    assert [event.seq for event in told] == list(range(1, len(told) + 1))
    back = time.monotonic()
    await cluster.run("ab")
    outcome.recovered(time.monotonic() - back)
