"""Sessions come to many hosts, several at a time: each to one host, and to all of them alike."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from itertools import cycle

import aiohttp
import pytest

from ..api.fixtures import OFFER, SDP
from ..waiting import answered
from .cluster import Cluster, Host

SESSIONS, FEW = 200, 30
AT_A_TIME = 8
MOST_APART = 2


@pytest.mark.parametrize("names", ["ab", "abc"])
async def test_each_session_is_in_one_place_and_no_host_has_many_more_than_others(
    cluster: Cluster, http: aiohttp.ClientSession, names: str
) -> None:
    async def set_up(session_id: str, door: Host) -> None:
        async with http.put(f"{door.url}/sessions/{session_id}", json={}) as response:
            assert response.status == 201

    await spread_evenly(cluster, http, names, SESSIONS, set_up)


@pytest.mark.parametrize("names", ["ab", "abc"])
async def test_offers_are_answered_each_in_one_place_and_by_no_host_many_more_than_by_others(
    cluster: Cluster, http: aiohttp.ClientSession, names: str, repeats: int
) -> None:
    """By way of a redirect where another host has more room; the media never come.

    Who is told 503, as where Redis is late, offers again.
    """

    async def offer(session_id: str, door: Host) -> None:
        async def status() -> int:
            async with http.post(f"{door.url}/whip/{session_id}", data=OFFER, headers=SDP) as response:
                return response.status

        await answered(status, lambda status: status == 201)

    await spread_evenly(cluster, http, names, SESSIONS if repeats > 1 else FEW, offer)
    await have_no_sessions(http, list(cluster.hosts.values()))


async def spread_evenly(
    cluster: Cluster,
    http: aiohttp.ClientSession,
    names: str,
    count: int,
    begin: Callable[[str, Host], Awaitable[None]],
) -> None:
    """Begin so many sessions at these hosts, by all of them in turn, and see where each is."""
    hosts = await cluster.run(names)
    await have_no_sessions(http, hosts)
    ids = [secrets.token_hex(8) for _ in range(count)]
    await several_at_a_time(begin, zip(ids, cycle(hosts), strict=False))
    for door in hosts:
        # A host that went before may have left some that are taken over just now.
        placed = [each for each in await holders(http, door) if each[0] in ids]
        assert sorted(session_id for session_id, _ in placed) == sorted(ids), "each once"
        counts = Counter(host_id for _, host_id in placed)
        assert counts.keys() == set(names)
        assert max(counts.values()) - min(counts.values()) <= MOST_APART


async def test_sessions_over_websockets_are_spread_as_well(
    cluster: Cluster, http: aiohttp.ClientSession
) -> None:
    hosts = await cluster.run("abc")
    await have_no_sessions(http, hosts)
    ids = [secrets.token_hex(8) for _ in range(SESSIONS // 2)]
    async with contextlib.AsyncExitStack() as open_sockets:

        async def open_socket(session_id: str, door: Host) -> None:
            stream = http.ws_connect(f"{door.url}/ml/stream/{session_id}/audio?sample_rate=16000")
            await open_sockets.enter_async_context(stream)

        await several_at_a_time(open_socket, zip(ids, cycle(hosts), strict=False))

        async def placed() -> Counter[str]:
            return Counter(host for session_id, host in await holders(http, hosts[0]) if session_id in ids)

        counts = await answered(placed, lambda counts: counts.total() == len(ids))
    assert max(counts.values()) - min(counts.values()) <= MOST_APART


async def several_at_a_time(
    begin: Callable[[str, Host], Awaitable[None]], sessions: Iterable[tuple[str, Host]]
) -> None:
    """Begin sessions, each through its front door: always so many are on their way."""
    left = iter(sessions)

    async def one_after_the_other() -> None:
        for session_id, door in left:
            await begin(session_id, door)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_A_TIME)))


async def have_no_sessions(http: aiohttp.ClientSession, hosts: list[Host]) -> None:
    """Delete what earlier tests have left, and wait until all hosts tell that they have the same room.

    A host that was too busy for a session tells of it until its next sweep, also where it was deleted since.
    """
    door = hosts[0]

    async def delete(session_id: str, door: Host) -> None:
        async with http.delete(f"{door.url}/sessions/{session_id}") as response:
            assert response.status in (204, 404)

    await several_at_a_time(delete, ((session_id, door) for session_id, _ in await holders(http, door)))

    async def rooms() -> set[int]:
        async with http.get(f"{door.url}/hosts") as response:
            return {host["room"] for host in (await response.json())["hosts"]}

    await answered(rooms, lambda rooms: len(rooms) == 1)


async def holders(http: aiohttp.ClientSession, door: Host) -> list[tuple[str, str]]:
    """All sessions and who holds each, as this front door tells."""
    async with http.get(f"{door.url}/sessions") as response:
        return [(each["session_id"], each["host_id"]) for each in (await response.json())["sessions"]]
