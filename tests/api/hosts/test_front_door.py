"""Two apis with a Redis in common; each of them answers for both."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis
from yarl import URL

from argusd.api.hosts.claims import Claims
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import StoreUnavailable

from ...waiting import LONGEST_S, answered
from ..fixtures import OFFER, SDP, EventReader, Rig
from .two import BEARER, Two, two_hosts


async def test_an_offer_is_redirected_with_a_ticket_and_everything_else_relayed(two: Two) -> None:
    status, headers, _ = await two.ask(two.door, "POST", "/whip/s1", data=OFFER, allow_redirects=False)
    location = URL(headers["Location"])
    assert (status, location.port, location.path) == (307, two.other.api.config.port, "/whip/s1")

    async with two.http.post(location, data=OFFER, headers=SDP) as response:  # without the token
        assert response.status == 201, await response.text()
        resource = response.headers["Location"]
    async with two.http.delete(location.with_path(resource)) as response:
        assert response.status == 401, "the ticket is for the offer alone"

    status, _, session = await two.ask(two.door, "GET", "/sessions/s1")
    assert (status, session["state"], session["host_id"]) == (200, "connecting", "b")
    status, _, listed = await two.ask(two.door, "GET", "/sessions")
    assert [each["host_id"] for each in listed["sessions"]] == ["b"]
    assert listed["hosts_missing"] == []
    assert (await two.ask(two.door, "DELETE", resource))[0] == 200
    assert (await two.ask(two.door, "DELETE", "/sessions/s1"))[0] == 204
    assert (await two.ask(two.door, "GET", "/sessions/s1"))[0] == 404


async def test_events_and_results_of_another_hosts_session_are_told_at_once(two: Two) -> None:
    async with two.http.post(f"{two.other.api.url}/whip/s1", data=OFFER, headers={**SDP, **BEARER}) as answer:
        assert answer.status == 201, await answer.text()
    async with two.http.get(f"{two.door.api.url}/sessions/s1/events", headers=BEARER) as response:
        events = EventReader(response)
        await events.next_block()
        two.other.scheduler.find("s1")
        async with asyncio.timeout(LONGEST_S):
            _, _, event = await events.next()
    assert (event["session_id"], event["type"]) == ("s1", "observation")
    status, _, results = await two.ask(two.door, "GET", "/sessions/s1/results")
    assert (status, results["session_id"]) == (200, "s1")


async def test_a_host_that_turns_a_new_session_away_is_avoided(two: Two) -> None:
    two.other.worker.refusal = ("worker_full", "It is full.")
    status, headers, _ = await two.ask(two.door, "POST", "/whip/s1", data=OFFER, headers=SDP)
    assert (status, headers["X-Argusd-Host"]) == (201, "a")


async def test_a_session_that_has_left_a_host_is_listed_once(two: Two) -> None:
    await two.ask(two.other, "PUT", "/sessions/s1", json={})
    await two.ask(two.other, "POST", "/drain")
    assert (await two.ask(two.door, "PUT", "/sessions/s1", json={}))[0] == 200, "it was moved"
    assert [await two.sessions_of(rig) for rig in (two.door, two.other)] == [["s1"], ["s1"]]
    for rig in (two.door, two.other):
        _, _, listed = await two.ask(rig, "GET", "/sessions")
        assert [(each["session_id"], each["host_id"]) for each in listed["sessions"]] == [("s1", "a")]


async def test_a_holder_that_cannot_be_reached_is_told_so(two: Two, redis: Redis) -> None:
    await redis.hset(keys.holder("s2"), mapping={"host": "dead", "epoch": 1})
    status, headers, body = await two.ask(two.door, "GET", "/sessions/s2")
    assert (status, headers["Retry-After"], body["error_code"]) == (503, "2", "host_unreachable")


async def test_what_a_host_holds_it_answers_for_while_redis_is_away(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two.ask(two.other, "PUT", "/sessions/s1", json={})

    async def away(*_: object) -> None:
        raise StoreUnavailable("It is away.")

    monkeypatch.setattr(Claims, "holder", away)
    answers = [(await two.ask(rig, "GET", "/sessions/s1"))[0] for rig in (two.other, two.door)]
    assert answers == [200, 503]


async def test_a_policy_goes_to_the_holder(two: Two) -> None:
    status, _, session = await two.ask(two.door, "PUT", "/sessions/s1", json={"streams": ["face"]})
    assert (status, session["host_id"]) == (201, "b")


async def test_a_task_is_done_where_its_session_is(two: Two, redis: Redis) -> None:
    two.other.worker.refusal = None
    body = {"session_id": "s1", "task_type": "face_embed", "payload": {"image_b64": "AAAA"}, "timeout_s": 0.3}
    await two.ask(two.door, "POST", "/ml/infer", json=body)
    assert [len(rig.scheduler.asked) for rig in (two.door, two.other)] == [0, 1]


async def test_a_websocket_is_relayed_both_ways_and_with_its_close_code(two: Two) -> None:
    url = f"{two.door.api.url}/ml/stream/s1/face"
    async with two.http.ws_connect(url, headers=BEARER) as socket:
        await answered(lambda: two.sessions_of(two.other), lambda told: told == ["s1"])
        await socket.send_str("no picture")
        refused = await socket.receive_json()
        assert refused["error_code"] == "unsupported_media_type"
        assert (await socket.receive()).data == 4415


async def test_what_goes_through_a_host_that_drains_is_awaited(two: Two) -> None:
    task = {"session_id": "s1", "task_type": "face_embed", "payload": {"image_b64": "AAAA"}, "timeout_s": 60}
    async with two.http.ws_connect(f"{two.door.api.url}/ml/stream/s1/face", headers=BEARER) as socket:
        await answered(lambda: two.sessions_of(two.other), lambda told: told == ["s1"])
        asked = asyncio.create_task(two.ask(two.door, "POST", "/ml/infer", json=task))
        await two.other.scheduler.until(lambda: len(two.other.scheduler.asked) == 1)
        drain = await two.ask(two.door, "POST", "/drain")
        assert drain[2] == {"draining": True, "sessions": 1, "tasks": 1}
        await socket.close()
    asked.cancel()  # a task whose caller has left is given up
    left = await answered(lambda: two.ask(two.door, "POST", "/drain"), lambda told: not told[2]["tasks"])
    assert left[2] == {"draining": True, "sessions": 0, "tasks": 0}


async def test_a_websocket_that_its_host_turns_away_goes_to_the_next_one(two: Two) -> None:
    await full(two.other)
    async with two.http.ws_connect(f"{two.door.api.url}/ml/stream/s1/face", headers=BEARER) as socket:
        await answered(lambda: two.sessions_of(two.door), lambda told: told == ["s1"])
        assert await two.sessions_of(two.other) == []
        await socket.close()


async def test_a_websocket_that_every_host_turns_away_says_why(two: Two) -> None:
    for rig in (two.door, two.other):
        await full(rig)
    async with two.http.ws_connect(f"{two.door.api.url}/ml/stream/s1/face", headers=BEARER) as socket:
        assert (await socket.receive_json())["error_code"] == "overloaded"
        assert (await socket.receive()).data == 4503


async def test_a_request_that_is_relayed_counts_once(two: Two) -> None:
    """The token may ask once in half a minute, at each host."""
    slow = {"Authorization": "Bearer slow"}
    assert (await two.ask(two.door, "GET", "/sessions/s1", headers=slow))[0] == 404
    assert (await two.ask(two.other, "GET", "/sessions/s1", headers=slow))[0] == 404
    made_up = slow | {"X-Argusd-Relayed": "0" * 32}
    assert (await two.ask(two.other, "GET", "/sessions/s1", headers=made_up))[0] == 429


async def test_what_proves_a_relay_is_told_to_no_caller(two: Two) -> None:
    _, _, listed = await two.ask(two.door, "GET", "/hosts")
    assert [sorted(host) for host in listed["hosts"]] == [
        ["draining", "host_id", "load", "room", "sessions", "url"] for _ in "ab"
    ]


async def test_a_websocket_of_a_client_that_follows_is_sent_to_the_holder(two: Two) -> None:
    url = f"{two.door.api.url}/ml/stream/s1/face"
    handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "X-Argusd-Follows": "1", **BEARER}
    async with two.http.get(url, headers=handshake, allow_redirects=False) as response:
        location = response.headers["Location"]
        assert (response.status, URL(location).port) == (307, two.other.api.config.port)
    async with two.http.ws_connect(location):  # without the token
        await answered(lambda: two.sessions_of(two.other), lambda told: told == ["s1"])


@pytest.mark.parametrize("shown", ["protocol", "ticket"])
async def test_a_pages_websocket_is_relayed_as_one_with_a_token(two: Two, shown: str) -> None:
    """A page follows nowhere; what it shows is good at the holder as well."""
    path, asked = "/ml/stream/s1/face", {"session_id": "s1", "scopes": ["publish"]}
    _, _, made = await two.ask(two.other, "POST", "/tokens", json=asked)
    page = {"Authorization": f"Bearer {made['token']}"}
    url, protocols = URL(two.door.api.url + path), ["argusd"]
    if shown == "protocol":
        protocols.append(f"argusd.bearer.{made['token']}")
    else:
        _, _, once = await two.ask(two.other, "POST", "/tickets", json={"path": path}, headers=page)
        url = url.update_query(ticket=once["ticket"])
    async with two.http.ws_connect(url, protocols=protocols, headers={"Origin": "https://page"}) as socket:
        await answered(lambda: two.sessions_of(two.other), lambda told: told == ["s1"])
        assert socket.protocol == "argusd"


async def test_what_a_ticket_opens_is_relayed_to_the_holder(two: Two) -> None:
    await two.ask(two.other, "PUT", "/sessions/s1", json={})
    _, _, once = await two.ask(two.door, "POST", "/tickets", json={"path": "/sessions/s1"})
    url = URL(f"{two.door.api.url}/sessions/s1").update_query(ticket=once["ticket"])
    for status in (200, 401):
        async with two.http.get(url) as response:
            assert response.status == status


async def test_a_ticket_opens_nothing_else(two: Two) -> None:
    _, headers, _ = await two.ask(two.door, "POST", "/whip/s1", data=OFFER, allow_redirects=False)
    ticket = URL(headers["Location"]).query["ticket"]
    for method, path in [("POST", "/whip/s2"), ("DELETE", "/sessions/s1"), ("GET", "/sessions")]:
        url = URL(two.other.api.url + path).update_query(ticket=ticket)
        async with two.http.request(method, url) as response:
            assert response.status == 401


async def full(rig: Rig) -> None:
    """Have a host turn new sessions away, as far as it knows itself; what it told the others is older."""
    rig.scheduler.fits_more = 0
    rig.scheduler.tell_stats()
    async with aiohttp.ClientSession(rig.api.url, headers=BEARER) as http:

        async def fits_more() -> Any:
            async with http.get("/ready") as response:
                return (await response.json())["fits_more"]

        await answered(fits_more, lambda told: told == 0)


@pytest.mark.usefixtures("quick_beats_and_messages_alone")
async def test_where_hosts_are_not_reached_by_browsers_offers_are_relayed(
    tmp_path: Path, redis: Redis, redis_url: str
) -> None:
    async with two_hosts(tmp_path, redis, redis_url, "relay") as two:
        ask = two.ask(two.door, "POST", "/whip/s1", data=OFFER, headers=SDP, allow_redirects=False)
        status, headers, answer = await ask
        assert (status, headers["X-Argusd-Host"], answer) == (201, "b", "v=0\r\nanswer\r\n")
        assert (await two.ask(two.door, "DELETE", headers["Location"]))[0] == 200
