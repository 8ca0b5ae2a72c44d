"""A host is asked to end: nothing new comes to it, and what lives there goes on to its own end."""

import asyncio
import secrets
import subprocess
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest

from argusd.interviewer_bridge.publish.media import Source, SyntheticAudio
from argusd.interviewer_bridge.publish.publisher import Publisher

from ..faults.outcome import Outcome
from ..waiting import LONGEST_S, answered
from .cluster import TOKEN, Cluster, Host
from .sessions import changes, goes_on, held_by, live_at, lost, told, until

LIVE, OFFERED = 5, 10
ENDS_WITHIN_S = 5.0

Asked = Callable[[Host], "subprocess.Popen[bytes]"]

ASKING = [
    pytest.param(
        Host.ask_to_end, id="SIGTERM", marks=pytest.mark.fault(26, "SIGTERM of a host with 5 live sessions")
    ),
    pytest.param(
        Host.drain, id="argusd drain", marks=pytest.mark.fault(27, "argusd drain --exit with 5 live sessions")
    ),
]


@pytest.mark.parametrize("ask", ASKING)
async def test_what_lives_on_a_host_that_drains_is_not_interrupted(
    cluster: Cluster, http: aiohttp.ClientSession, outcome: Outcome, ask: Asked
) -> None:
    leaving, stays = await cluster.run("ab")
    async with AsyncExitStack() as ending:
        live = [await ending.enter_async_context(live_at(cluster, leaving)) for _ in range(LIVE)]
        asked = ask(leaving)
        await answered(lambda: status_of(http, leaving), lambda status: status == 503)
        for _ in range(OFFERED):
            for door in (leaving, stays):
                assert await placed_at(http, door) == stays.name
        for session_id in live:
            await goes_on(leaving, session_id)
        assert asked.poll() is None
    last = time.monotonic()
    assert leaving.daemon is not None
    assert await asyncio.to_thread(leaving.daemon.wait, LONGEST_S) == 0
    ended = time.monotonic()
    assert await asyncio.to_thread(asked.wait, LONGEST_S) == 0
    outcome.took("ended after the last", ended - last, ENDS_WITHIN_S)
    missing = 0
    for session_id in live:
        async with told(stays.url, session_id) as events:
            seen = await until(events, "closed")
        assert changes(seen) == ["connecting", "live", "closed"]
        assert seen[-1].data["reason"] == "deleted", "by its publisher"
        assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
        missing += lost(seen)
    outcome.lost(missing)
    assert missing == 0


async def test_a_second_sigterm_ends_a_drain_and_publishers_go_on_elsewhere(
    cluster: Cluster, http: aiohttp.ClientSession
) -> None:
    leaving, stays = await cluster.run("ab")
    session_id, urls = await held_by(cluster, leaving), f"{leaving.url},{stays.url}"
    source = Source(None, SyntheticAudio())
    async with Publisher(urls, session_id, source, token=TOKEN), told(stays.url, session_id) as events:
        seen = await until(events, "live")
        asked = leaving.ask_to_end()
        await answered(lambda: status_of(http, leaving), lambda status: status == 503)
        leaving.ask_to_end()
        assert await asyncio.to_thread(asked.wait, LONGEST_S) == 0
        seen += await until(events, "live")
    assert changes(seen) == ["connecting", "live", "closed", "connecting", "live"]
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))


async def test_what_is_set_up_while_a_drain_begins_is_somewhere_once(
    cluster: Cluster, http: aiohttp.ClientSession
) -> None:
    doors = leaving, stays = await cluster.run("ab")
    setting_up = [asyncio.create_task(placed_at(http, door)) for _ in range(OFFERED) for door in doors]
    async with http.post(f"{leaving.url}/drain") as response:
        assert response.status == 200
    assert set(await asyncio.gather(*setting_up)) <= {leaving.name, stays.name}
    async with http.get(f"{stays.url}/sessions") as response:
        listed = [each["session_id"] for each in (await response.json())["sessions"]]
    assert len(listed) == len(set(listed)) >= len(setting_up)
    async with http.delete(f"{leaving.url}/drain") as response:
        assert response.status == 200


async def status_of(http: aiohttp.ClientSession, host: Host) -> int:
    async with http.get(f"{host.url}/ready") as response:
        return response.status


async def placed_at(http: aiohttp.ClientSession, door: Host) -> str:
    """The host that a new session comes to through this front door."""
    async with http.put(f"{door.url}/sessions/{secrets.token_hex(8)}", json={}) as response:
        assert response.status == 201
        host_id: str = (await response.json())["host_id"]
        return host_id
