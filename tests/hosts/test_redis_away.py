"""Redis is away: what lives goes on and loses nothing, and nothing new is taken meanwhile."""

import time
from typing import Any

import aiohttp
import pytest

from ..faults.outcome import Outcome
from ..waiting import answered
from .cluster import Cluster, Host
from .sessions import changes, live_at, lost, told, until

SHORT_S, LONG_S = 4, 30
BACK_WITHIN_S = 5.0


async def buffered(http: aiohttp.ClientSession, host: Host) -> int:
    """How many events wait there for Redis."""
    async with http.get(f"{host.url}/ready") as response:
        count: int = (await response.json())["buffered_events"]
        return count


async def turned_away(http: aiohttp.ClientSession, host: Host) -> None:
    """Nothing new is taken there, whichever way it comes."""
    media: dict[str, Any] = {"data": "v=0", "headers": {"Content-Type": "application/sdp"}}
    for method, path, body in (("PUT", "/sessions/new", {"json": {}}), ("POST", "/whip/new", media)):
        async with http.request(method, host.url + path, **body) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0


async def are_taken(http: aiohttp.ClientSession, doors: list[Host]) -> bool:
    """Whether new sessions are taken at all of these front doors."""
    for door in doors:
        async with http.put(f"{door.url}/sessions/new", json={}) as response:
            if response.status not in (200, 201):
                return False
    return True


@pytest.mark.fault(25, "Redis is away from its hosts")
async def test_live_sessions_lose_nothing_and_new_ones_are_told_to_come_back(
    cluster: Cluster, http: aiohttp.ClientSession, outcome: Outcome, repeats: int
) -> None:
    a, b = await cluster.run("ab")
    async with live_at(cluster, a) as session_id:
        with cluster.without_redis():
            end = time.monotonic() + (LONG_S if repeats > 1 else SHORT_S)
            while time.monotonic() < end:
                await turned_away(http, a)
                await turned_away(http, b)
            waited = await buffered(http, a)
        back = time.monotonic()
        await answered(lambda: are_taken(http, [a, b]), bool)
        outcome.recovered(time.monotonic() - back)
        await answered(lambda: buffered(http, a), lambda count: count == 0)
        outcome.took("all that waited is stored", time.monotonic() - back, BACK_WITHIN_S)
    async with told(b.url, session_id) as events:
        seen = await until(events, "closed")
    assert changes(seen) == ["connecting", "live", "closed"]
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    outcome.lost(lost(seen))
    assert lost(seen) == 0
    assert len(seen) > waited > 0
