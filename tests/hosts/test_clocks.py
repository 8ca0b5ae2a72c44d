"""A host's clock is two minutes ahead of the others': what hosts agree on goes by Redis' clock."""

import secrets
from pathlib import Path
from typing import Any

import aiohttp

from ..waiting import answered
from ..wall_clock import wall_clock
from .cluster import Cluster, Host
from .sessions import changes, held_by, live_at, told, until

AHEAD_S = 120
TOKEN_S = 60


async def test_a_host_whose_clock_is_ahead_is_one_of_them(
    cluster: Cluster, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with wall_clock(tmp_path) as clock, cluster.environment_of("c", clock.environment):
        clock.leap(AHEAD_S)
        right, ahead = await cluster.run("ac")
        await answered(lambda: is_ahead(http, ahead), lambda s: abs(s - AHEAD_S) < 1)
        for maker, other in ((right, ahead), (ahead, right)):
            assert await lets_in(http, maker, other) == 200
        async with live_at(cluster, ahead) as session_id:
            pass
        async with told(right.url, session_id) as events:
            assert changes(await until(events, "closed")) == ["connecting", "live", "closed"]
        session_id = await held_by(cluster, ahead)
        ahead.die()
        await answered(lambda: placed_at(http, right, session_id), lambda host_id: host_id == right.name)


async def is_ahead(http: aiohttp.ClientSession, host: Host) -> float:
    """How far the host says that it is."""
    async with http.get(f"{host.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("ml_host_clock_ahead_seconds "))


async def lets_in(http: aiohttp.ClientSession, maker: Host, other: Host) -> int:
    """The status of what is asked at one host with a token that another one has made for a minute."""
    session_id = secrets.token_hex(8)
    async with http.put(f"{maker.url}/sessions/{session_id}", json={}) as response:
        assert response.status == 201
    asked: dict[str, Any] = {"session_id": session_id, "scopes": ["watch"], "expires_in_s": TOKEN_S}
    async with http.post(f"{maker.url}/tokens", json=asked) as response:
        assert response.status == 201, await response.text()
        token = (await response.json())["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as page,
        page.get(f"{other.url}/sessions/{session_id}", headers=bearer) as response,
    ):
        return response.status


async def placed_at(http: aiohttp.ClientSession, door: Host, session_id: str) -> str | None:
    """The host that answers for the session; None while none does."""
    async with http.put(f"{door.url}/sessions/{session_id}", json={}) as response:
        host_id: str | None = (await response.json()).get("host_id")
        return host_id
