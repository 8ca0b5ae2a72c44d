import asyncio
from pathlib import Path
from typing import Any

import pytest

from argusd.api.config import Token
from argusd.ingest.ice.ice_servers import IceServer
from argusd.ingest.ipc.messages import SessionState
from argusd.scheduler.contract.catalog import streams_of
from argusd.scheduler.contract.http import HOST_HEADER
from argusd.scheduler.contract.media import TrackKind

from ...shared_redis import shared_redis
from ..fixtures import OFFER, SDP, Rig, one_of_several, running_rig

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
# The one of RFC 9725 section 4.3.2: the user name stands in the media section.
RFC_9725_FRAGMENT = """a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 network-id 1
a=end-of-candidates
"""


async def test_publish_answers_as_rfc_9725_has_it(rig: Rig) -> None:
    async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
        assert response.status == 201
        assert response.content_type == "application/sdp"
        assert await response.text() == "v=0\r\nanswer\r\n"
        prefix, _, secret = response.headers["Location"].rpartition("/")
        assert prefix == "/whip/s1"
        assert len(secret) == 32
        assert response.headers["Link"].startswith("</sessions/s1/events?after=0>; rel=")
    assert rig.worker.opened[0].session_id == "s1"
    assert rig.worker.opened[0].offer_sdp == OFFER


async def test_one_of_several_hosts_says_which_it_is(tmp_path: Path) -> None:
    with shared_redis() as url:
        async with running_rig(tmp_path, **one_of_several("host-a", url)) as rig:
            await rig.api.until("/hosts", lambda body: body["hosts"][0]["room"] > 0)
            async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
                assert (response.status, response.headers[HOST_HEADER]) == (201, "host-a")


async def test_a_host_that_is_alone_names_itself_nowhere(rig: Rig) -> None:
    async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
        assert (response.status, HOST_HEADER in response.headers) == (201, False)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (OFFER, {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"", SDP, 400, "malformed_body"),
        (b"\xff\xfe", SDP, 400, "malformed_body"),
        (b"v=0\r\n" * 20_000, SDP, 413, "body_too_large"),
    ],
)
async def test_a_bad_body_is_refused_before_any_worker_sees_it(
    rig: Rig, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    answer_status, answer = await rig.api.json("POST", "/whip/s1", data=body, headers=headers)
    assert (answer_status, answer["success"], answer["error_code"]) == (status, False, code)
    assert answer["session_id"] == "s1"
    assert rig.worker.opened == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("bad_offer", 400),
        ("offer_not_sending", 422),
        ("too_many_tracks", 422),
        ("unsupported_codec", 422),
        ("session_exists", 409),
        ("shm_exhausted", 503),
        ("worker_full", 503),
    ],
)
async def test_a_workers_refusal_keeps_its_code_and_leaves_no_session(
    rig: Rig, code: str, status: int
) -> None:
    rig.worker.refusal = (code, "Because.")
    async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
        body = await response.json()
        assert (response.status, body["error_code"], body["error"]) == (status, code, "Because.")
        assert ("Retry-After" in response.headers) == (status == 503)
    assert (await rig.api.json("GET", "/sessions/s1"))[0] == 404


@pytest.mark.parametrize("session_id", ["a b", "ä", "x" * 129, "a%00", "a$"])
async def test_a_session_id_of_other_characters_is_refused(rig: Rig, session_id: str) -> None:
    status, body = await rig.api.json("POST", f"/whip/{session_id}", data=OFFER, headers=SDP)
    assert (status, body["error_code"]) == (422, "invalid_field")


async def test_the_resource_cannot_be_guessed(rig: Rig) -> None:
    resource = await rig.api.publish("s1")
    for path in (f"{resource}x", "/whip/s1/guess", resource.replace("s1", "s2")):
        status, body = await rig.api.json("DELETE", path)
        assert (status, body["error_code"]) == (404, "resource_not_found")
    assert (await rig.api.json("DELETE", resource))[0] == 200
    assert (await rig.api.json("DELETE", resource))[0] == 404


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP 0\r\na=candidate:1\r\n", FRAGMENT, 204),
        ("a=mid:0\na=ice-pwd:x\na=ice-ufrag:abcd\n", FRAGMENT, 204),
        (RFC_9725_FRAGMENT, FRAGMENT, 204),
        (RFC_9725_FRAGMENT.replace("ufrag:abcd", "ufrag:other"), FRAGMENT, 422),
        ("a=ice-ufrag:other\r\na=ice-pwd:y\r\n", FRAGMENT, 422),
        ("m=audio\r\na=ice-ufrag:abcd\r\n", FRAGMENT, 400),
        ("a=candidate:1\r\n", FRAGMENT, 400),
        ("a=ice-ufrag:abcd\r\n", SDP, 415),
    ],
)
async def test_patch_takes_candidates_and_refuses_restarts(
    rig: Rig, body: str, headers: dict[str, str], status: int
) -> None:
    resource = await rig.api.publish("s1")
    assert (await rig.api.json("PATCH", resource, data=body, headers=headers))[0] == status


async def test_get_is_empty_and_options_tell_what_is_taken(rig: Rig) -> None:
    resource = await rig.api.publish("s1")
    for path in ("/whip/s1", resource):
        assert await rig.api.json("GET", path) == (204, b"")
    async with rig.api.http.options("/whip/s1", headers={"Origin": "http://localhost:3000"}) as response:
        assert response.status == 200
        assert response.headers["Accept-Post"] == "application/sdp"
        assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
        assert "ETag" in response.headers["Access-Control-Expose-Headers"]
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]
    methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
    for path in ("/whip/s1", resource, "/whip/s9", "/whip/s9/unknown"):
        async with rig.api.http.options(path) as response:
            assert response.headers["Allow"] == methods
            assert response.headers["Access-Control-Allow-Methods"] == methods
            assert response.headers["Accept-Post"] == "application/sdp"
            assert response.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"


SERVERS = (
    IceServer(urls=("stun:stun.example",)),
    IceServer(urls=("turn:turn.example?transport=tcp",), username="argus", credential="s3cret"),
)
TOLD = [
    '<stun:stun.example>; rel="ice-server"',
    '<turn:turn.example?transport=tcp>; rel="ice-server"; '
    'username="argus"; credential="s3cret"; credential-type="password"',
]


async def test_publishers_are_told_of_ice_servers(tmp_path: Path) -> None:
    async with running_rig(tmp_path, ice_servers=SERVERS) as rig:
        async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
            events, *servers = response.headers.getall("Link")
            assert events.startswith("</sessions/s1/events?after=0>")
            assert servers == TOLD
        async with rig.api.http.options("/whip/s1") as response:
            assert response.headers.getall("Link") == TOLD


async def test_a_turn_servers_credential_is_not_for_everybody(tmp_path: Path) -> None:
    async with running_rig(tmp_path, ice_servers=SERVERS, tokens=(Token("mine", "kyc-"),)) as rig:
        for path, headers, told in (
            ("/whip/kyc-1", {"Authorization": "Bearer mine"}, TOLD),
            ("/whip/s1", {"Authorization": "Bearer mine"}, []),
            ("/whip/kyc-1", {"Authorization": "Bearer guess"}, []),
            ("/whip/kyc-1", {}, []),
        ):
            async with rig.api.http.options(path, headers=headers) as response:
                assert response.status == 200
                assert response.headers.getall("Link", []) == told


async def test_a_flood_of_offers_is_slowed(tmp_path: Path) -> None:
    async with running_rig(tmp_path, whip_posts_per_minute_and_session=4) as rig:
        rig.worker.refusal = ("bad_offer", "Because.")
        answers = []
        for _ in range(3):
            async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
                answers.append((response.status, response.headers.get("Retry-After")))
        assert answers == [(400, None), (400, None), (429, "5")]
        rig.worker.refusal = None
        await rig.api.publish("s2")


async def test_a_full_daemon_says_when_to_come_back(rig: Rig) -> None:
    rig.scheduler.fits_more = 0
    rig.scheduler.tell_stats()
    await rig.api.until("/sessions", lambda body: body["fits_more"] == 0)
    async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
        assert (response.status, (await response.json())["error_code"]) == (503, "overloaded")
        assert response.headers["Retry-After"] == "10"


async def test_a_full_daemon_takes_a_place_of_an_offer_that_nobody_stands_behind(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.fits_more = 0
    rig.scheduler.tell_stats()
    await rig.api.until("/sessions", lambda body: body["fits_more"] == 0)
    await rig.api.publish("s2")
    assert [each.place for each in rig.worker.opened] == ["free", "of_any"]
    for session_id in ("s1", "s2"):
        rig.worker.say(SessionState(session_id, "live"))
        await rig.api.until(f"/sessions/{session_id}", lambda body: body["state"] == "live")
    status, body = await rig.api.json("POST", "/whip/s3", data=OFFER, headers=SDP)
    assert (status, body["error_code"]) == (503, "overloaded")


async def test_a_client_has_so_many_offers_that_wait_for_media_and_then_gives_up_its_own(
    tmp_path: Path,
) -> None:
    async with running_rig(tmp_path, whip_half_open_per_client=2) as rig:
        for session_id in ("s1", "s2", "s3", "s1"):
            await rig.api.publish(session_id)
        assert [each.place for each in rig.worker.opened] == ["free", "free", "of_client", "of_client"]
        rig.worker.say(SessionState("s2", "live"))
        rig.worker.end("s3", "never_connected")
        await rig.api.until("/sessions/s2", lambda body: body["state"] == "live")
        await rig.api.until("/sessions/s3", lambda body: body["state"] == "closed")
        await rig.api.publish("s4")
        assert rig.worker.opened[-1].place == "free"
        assert len({each.client for each in rig.worker.opened}) == 1


async def test_an_operator_may_take_more_than_is_promised(tmp_path: Path) -> None:
    async with running_rig(tmp_path, overcommit=True) as rig:
        rig.scheduler.fits_more = 0
        rig.scheduler.tell_stats()
        await rig.api.until("/sessions", lambda body: body["fits_more"] == 0)
        await rig.api.publish("s1")


async def test_full_and_absent_workers_are_passed_over(rig: Rig) -> None:
    rig.worker.max_sessions = 1
    await rig.api.publish("s1")
    rig.worker.stats()
    await rig.api.until("/ready", lambda body: body["workers"][0]["load"] == 1)
    status, body = await rig.api.json("POST", "/whip/s2", data=OFFER, headers=SDP)
    assert (status, body["error_code"]) == (503, "no_ingest_worker")


async def test_a_silent_worker_runs_into_the_deadline(tmp_path: Path) -> None:
    async with running_rig(tmp_path, answer_timeout_s=0.1) as rig:
        rig.worker.mute = True
        status, body = await rig.api.json("POST", "/whip/s1", data=OFFER, headers=SDP)
        assert (status, body["error_code"]) == (504, "worker_timeout")
        rig.worker.mute = False
        await rig.api.publish("s1")
        assert rig.worker.closed == ["s1"]  # what may have opened late was closed before


async def test_a_worker_that_dies_over_an_offer_is_told_at_once(rig: Rig) -> None:
    rig.worker.mute = True
    request = asyncio.ensure_future(rig.api.json("POST", "/whip/s1", data=OFFER, headers=SDP))
    await rig.worker.until(lambda: bool(rig.worker.opened))
    rig.worker.die()
    status, body = await request
    assert (status, body["error_code"]) == (503, "no_ingest_worker")


@pytest.mark.parametrize("kinds", [("audio",), ("video", "audio")])
async def test_what_is_watched_follows_the_tracks_that_were_accepted(
    rig: Rig, kinds: tuple[TrackKind, ...]
) -> None:
    rig.worker.kinds = kinds
    await rig.api.publish("s1")
    assert (await rig.api.json("GET", "/sessions/s1"))[1]["streams"] == list(streams_of(kinds))
