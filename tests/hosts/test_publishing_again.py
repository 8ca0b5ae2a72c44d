"""A publisher whose host goes away: its session ends as lost, once, and goes on at another one."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence

import pytest

from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher

from ..faults.outcome import Outcome
from .cluster import TOKEN, Cluster, Host
from .sessions import changes, held_by, told, until

LOST_WITHIN_S, LIVE_AGAIN_WITHIN_S = 5.0, 8.0


async def told_lost_at(host: Host, session_id: str) -> float:
    """When this host tells that the session is lost."""
    async with told(host.url, session_id) as events:
        await until(events, "session_lost")
    return time.monotonic()


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
    gone, stays = await cluster.run("ab")
    urls = ",".join(cluster.hosts[name].url for name in doors)
    session_id = await held_by(cluster, gone)
    async with Publisher(urls, session_id, synthetic(), token=TOKEN), told(urls, session_id) as events:
        seen = await until(events, "live")
        lost = asyncio.create_task(told_lost_at(stays, session_id))
        at = time.monotonic()
        leave(gone)
        seen += await until(events, "live")
        outcome.took("live again", time.monotonic() - at, LIVE_AGAIN_WITHIN_S)
        outcome.took("told as lost", await lost - at, LOST_WITHIN_S)
    assert changes(seen) == ["connecting", "live", "session_lost", "connecting", "live"]
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    before = itertools.takewhile(lambda event: event.name != "session_lost", seen)
    assert [event.state for event in before if event.type == "violation"] == ["start", "end"]
    back = time.monotonic()
    await cluster.run("ab")
    outcome.recovered(time.monotonic() - back)
