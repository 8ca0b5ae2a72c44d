"""A host's address leads to another host, as that of a load balancer does: nothing goes in circles."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from argusd.api.hosts.beats import Beats

from ...behind_tls import copy
from ...ports import free_port
from ...waiting import answered
from ..fixtures import OFFER, SDP
from .two import BEARER, Two, host, ready


@pytest.fixture(params=["redirect", "relay"])
async def two(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    redis: Redis,
    redis_url: str,
    quick_beats_and_messages_alone: None,
) -> AsyncIterator[Two]:
    """The address of b, which holds s1, is that of a."""
    async with (
        host(tmp_path, "a", redis_url, request.param) as door,
        host(tmp_path, "b", redis_url, request.param, url=door.api.url) as other,
        aiohttp.ClientSession() as http,
    ):
        two = Two(door, other, http, redis)
        await ready(two)
        yield two


async def test_a_new_sessions_offer_is_answered_by_a_host_that_is_reached(two: Two) -> None:
    status, headers, _ = await two.ask(two.door, "POST", "/whip/s1", data=OFFER, headers=SDP)
    assert (status, headers["X-Argusd-Host"]) == (201, "a")


async def test_where_media_are_there_the_wrong_address_is_told(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    offer = {"data": OFFER, "headers": SDP}
    assert (await two.ask(two.other, "POST", "/whip/s1", **offer))[0] == 201
    for method, path, request in (("POST", "/whip/s1", offer), ("GET", "/sessions/s1", {})):
        status, headers, body = await two.ask(two.door, method, path, **request)
        assert (status, headers["Retry-After"], body["error_code"]) == (503, "2", "host_unreachable")
        assert "its cluster.url is wrong" in body["error"]
    assert f"the cluster.url of b, {two.door.api.url}, leads to a" in caplog.text


async def test_a_websocket_goes_on_at_a_host_that_is_reached(two: Two) -> None:
    for headers in (BEARER, {"X-Argusd-Follows": "1", **BEARER}):
        async with two.http.ws_connect(f"{two.door.api.url}/ml/stream/s1/face", headers=headers) as socket:
            await answered(lambda: two.sessions_of(two.door), lambda told: told == ["s1"])
            await socket.close()


async def test_no_session_is_listed_twice_and_the_other_host_is_missing(two: Two) -> None:
    await two.ask(two.door, "PUT", "/sessions/s2", json={})
    _, _, listed = await two.ask(two.door, "GET", "/sessions")
    assert [each["session_id"] for each in listed["sessions"]] == ["s2"]
    assert listed["hosts_missing"] == ["b"]


@contextlib.asynccontextmanager
async def balancer(port: int, behind: list[int]) -> AsyncIterator[None]:
    """What comes to its port goes to those behind it in turn, a connection each."""
    turns = cycle(behind)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", next(turns))
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", port):
        yield


@pytest.mark.usefixtures("quick_beats_and_messages_alone")
@pytest.mark.parametrize("whip", ["redirect", "relay"])
async def test_offers_are_answered_where_all_hosts_name_their_load_balancer(
    tmp_path: Path, redis: Redis, redis_url: str, whip: str
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        host(tmp_path, "a", redis_url, whip, url=url) as door,
        host(tmp_path, "b", redis_url, whip, url=url) as other,
        balancer(port, [rig.api.config.port for rig in (door, other)]),
    ):
        offered = ["s2", "s3", "s4", "s5"]
        async with aiohttp.ClientSession() as http:
            two = Two(door, other, http, redis)
            await ready(two)
            for session_id in offered:
                async with (
                    aiohttp.ClientSession(headers=BEARER) as browser,
                    browser.post(f"{url}/whip/{session_id}", data=OFFER, headers=SDP) as response,
                ):
                    assert response.status == 201, await response.text()
            held = [*await two.sessions_of(door), *await two.sessions_of(other)]
    assert sorted(held) == offered


async def test_a_request_for_another_host_is_not_answered(two: Two, redis: Redis) -> None:
    b = await Beats(redis).find("b")
    assert b
    status, headers, _ = await two.ask(two.door, "GET", "/hosts", headers={"X-Argusd-Relayed": b.boot})
    assert (status, headers["X-Argusd-Host"]) == (421, "a")
