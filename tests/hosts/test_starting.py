"""A host that starts takes part at once, and leaves alone what the others hold."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from .cluster import Cluster, Host
from .sessions import changes, goes_on, live_at, lost, told, until

TIMES = (
    20  # that each is told of after that: in 5 s, in which a new host may take over whom it holds for dead
)


async def test_a_host_that_starts_changes_no_other_ones_session(
    cluster: Cluster, http: aiohttp.ClientSession
) -> None:
    holders = await cluster.run("ab")
    async with AsyncExitStack() as ending:
        live = [await ending.enter_async_context(live_at(cluster, host)) for host in holders]
        before = [await seen_at(http, holders[0], session_id) for session_id in live]
        *_, started = await cluster.run("abc")
        live.append(await ending.enter_async_context(live_at(cluster, started)))
        await asyncio.gather(*(goes_on(started, session_id, TIMES) for session_id in live))
        assert [await seen_at(http, started, session_id) for session_id in live[:2]] == before
    for session_id in live:
        async with told(started.url, session_id) as events:
            seen = await until(events, "closed")
        assert changes(seen) == ["connecting", "live", "closed"]
        assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
        assert lost(seen) == 0


async def seen_at(http: aiohttp.ClientSession, door: Host, session_id: str) -> dict[str, Any]:
    """The session as this front door shows it, but for how its media arrive just now."""
    async with http.get(f"{door.url}/sessions/{session_id}") as response:
        view: dict[str, Any] = await response.json()
        return {name: value for name, value in view.items() if name != "tracks"}
