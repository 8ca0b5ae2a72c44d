"""A session as ``argusd publish`` sees it, when its host is lost on the way."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.daemon.errors import SessionLost
from argusd.daemon.events.broadcast import broadcast
from argusd.daemon.options import Endpoint
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.scheduler.contract.events import Event, Gap

from ...interviewer_bridge.publish.test_publishing_again import Cluster
from ...waiting import LONGEST_S

Told = Callable[[Event | Gap], None]


async def run(cluster: Cluster, on_event: Told, stop: asyncio.Event, republish_s: float | None) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", cluster.handle)
    async with TestServer(app) as server:
        daemon = Endpoint(str(server.make_url("/")), "t0ken")
        try:
            await asyncio.wait_for(
                broadcast(daemon, "room", synthetic(), on_event, stop, republish_s), LONGEST_S
            )
        finally:
            for host in cluster.hosts:
                await host.close()


def names(told: list[Event | Gap]) -> list[str]:
    return [each.name for each in told if isinstance(each, Event)]


async def test_it_goes_on_elsewhere_until_it_is_stopped(told: list[Event | Gap]) -> None:
    cluster, stop = Cluster(), asyncio.Event()

    async def interrupt() -> None:
        await cluster.carries_media(0)
        cluster.tell("session_lost", "host_lost", 42)
        await cluster.carries_media(1)
        cluster.tell("connecting", "", 43)
        stop.set()
        cluster.tell("closed", "client", 44)

    await asyncio.gather(run(cluster, told.append, stop, None), interrupt())
    assert names(told) == ["session_lost", "connecting", "closed"]


@pytest.mark.parametrize(
    ("republish_s", "message"), [(0.0, "publish again"), (0.3, "could not be published again in time")]
)
async def test_a_loss_that_is_not_made_good_is_said(
    told: list[Event | Gap], republish_s: float, message: str
) -> None:
    cluster = Cluster()

    async def lose() -> None:
        await cluster.carries_media(0)
        cluster.refusals = [503] * 100
        cluster.tell("session_lost", "host_lost", 42)

    with pytest.raises(SessionLost, match=message):
        await asyncio.gather(run(cluster, told.append, asyncio.Event(), republish_s), lose())
    assert names(told) == ["session_lost"]


@pytest.fixture
def told() -> list[Event | Gap]:
    return []
