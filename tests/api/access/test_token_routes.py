"""How a service lets a browser into one session, as both of them see it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from argusd.api.config import Token
from argusd.scheduler.contract.access.tokens import SessionToken
from argusd.scheduler.contract.media_key import MediaKey

from ..fixtures import OFFER, SDP, Rig, running_rig

Answer = tuple[int, Any]
SERVICE = {"Authorization": "Bearer service"}
TOKENS = (
    Token("service"),
    Token("kyc", "kyc-"),
    Token("cameras", scopes=("admin", "publish")),
    Token("monitor", scopes=("watch",)),
)


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_rig(tmp_path, tokens=TOKENS) as rig:
        await rig.api.until("/ready", lambda body: bool(body["ready"]))
        yield rig


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask_token(rig: Rig, secret: str = "service", **body: Any) -> Answer:
    asked = {"session_id": "s1", "scopes": ["publish", "watch"]} | body
    return await rig.api.json("POST", "/tokens", json=asked, headers=bearer(secret))


async def token(rig: Rig, **body: Any) -> str:
    status, made = await ask_token(rig, **body)
    assert status == 201, made
    return str(made["token"])


async def ask_ticket(rig: Rig, token: str, path: str) -> Answer:
    return await rig.api.json("POST", "/tickets", json={"path": path}, headers=bearer(token))


async def ticket(rig: Rig, token: str, path: str) -> str:
    status, made = await ask_ticket(rig, token, path)
    assert status == 201, made
    return str(made["ticket"])


async def test_a_page_publishes_and_watches_its_own_session_and_no_other(guarded: Rig) -> None:
    page, http = bearer(await token(guarded)), guarded.api.http
    async with http.post("/whip/s1", data=OFFER, headers=SDP | page) as response:
        assert response.status == 201
        resource = response.headers["Location"]
    assert (await guarded.api.json("GET", "/sessions/s1", headers=page))[0] == 200
    for method, path, code in [
        ("POST", "/whip/s2", "forbidden"),
        ("GET", "/sessions/s2", "forbidden"),
        ("GET", "/sessions", "forbidden"),
        ("GET", "/events", "forbidden"),
        ("POST", "/ml/infer", "insufficient_scope"),
        ("DELETE", "/sessions/s1", "insufficient_scope"),
        ("POST", "/tokens", "insufficient_scope"),
        ("DELETE", "/tokens", "insufficient_scope"),
    ]:
        assert (await guarded.api.json(method, path, headers=page))[1]["error_code"] == code, path
    assert (await guarded.api.json("DELETE", resource, headers=page))[0] == 200


async def test_a_page_asks_for_tasks_in_its_own_session_alone(guarded: Rig) -> None:
    page = bearer(await token(guarded, scopes=["infer"]))
    for session_id, refused in (("s1", False), ("s2", True)):
        task = {"session_id": session_id, "task_type": "face_embed", "payload": {"image_b64": "AAAA"}}
        _, answer = await guarded.api.json("POST", "/ml/infer", json=task | {"timeout_s": 0.1}, headers=page)
        assert (answer["error_code"] == "forbidden") == refused


async def test_bytes_that_are_no_text_are_no_token(guarded: Rig) -> None:
    head = (await token(guarded)).partition(".")[0].encode()
    for secret in (b"\xff", head + b".\xff.\xff"):
        assert (await status_line(guarded, secret)).startswith(b"HTTP/1.1 401 ")


async def status_line(rig: Rig, secret: bytes) -> bytes:
    """What an answer to these bytes begins with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.api.config.port)
    writer.write(
        b"GET /sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + secret + b"\r\n\r\n"
    )
    line = await reader.readuntil(b"\r\n")
    writer.close()
    return line


async def test_a_token_says_when_it_ends(guarded: Rig) -> None:
    _, made = await ask_token(guarded, expires_in_s=90)
    assert abs(made["expires_at"] - time.time() - 90) < 60
    _, made = await ask_token(guarded)
    assert abs(made["expires_at"] - time.time() - 600) < 60


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"session_id": "a/b"}, "session_id"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "infer, publish, watch"),
        ({"expires_in_s": 0}, "expires_in_s"),
        ({"expires_in_s": 12 * 3600 + 1}, "expires_in_s"),
        ({"expires_in": 60}, "did you mean expires_in_s?"),
    ],
)
async def test_what_no_token_can_be_for_is_named(guarded: Rig, body: dict[str, Any], sentence: str) -> None:
    status, answer = await ask_token(guarded, **body)
    assert (status, answer["error_code"]) == (422, "invalid_field")
    assert sentence in answer["error"]


async def test_nobody_gives_away_more_than_they_have(guarded: Rig) -> None:
    assert (await ask_token(guarded, "kyc"))[1]["error_code"] == "forbidden"
    assert (await ask_token(guarded, "kyc", session_id="kyc-1"))[0] == 201
    assert (await ask_token(guarded, "cameras"))[1]["error"] == "This token lacks the scope watch."
    assert (await ask_token(guarded, "cameras", scopes=["publish"]))[0] == 201
    assert (await ask_token(guarded, "monitor", scopes=["watch"]))[1]["error_code"] == "insufficient_scope"


async def test_tokens_outlive_the_daemons_restart_and_end_when_they_are_withdrawn(guarded: Rig) -> None:
    page = bearer(await token(guarded))
    await guarded.api.restart()
    assert (await guarded.api.json("GET", "/whip/s1", headers=page))[0] == 204
    kyc = await guarded.api.json("DELETE", "/tokens", headers=bearer("kyc"))
    assert kyc[1]["error_code"] == "forbidden", "it is for some sessions alone"
    assert (await guarded.api.json("DELETE", "/tokens", headers=SERVICE))[0] == 204
    status, answer = await guarded.api.json("GET", "/whip/s1", headers=page)
    assert (status, answer["error_code"]) == (401, "unauthorized")
    assert "key was withdrawn" in answer["error"]
    assert (await guarded.api.json("GET", "/sessions", headers=SERVICE))[0] == 200


async def test_a_ticket_opens_the_events_once(guarded: Rig) -> None:
    page = await token(guarded)
    await guarded.api.json("PUT", "/sessions/s1", headers=SERVICE)
    path = f"/sessions/s1/events?ticket={await ticket(guarded, page, '/sessions/s1/events')}"
    async with guarded.api.events(path):
        status, answer = await guarded.api.json("GET", path)
        assert (status, answer["error_code"]) == (401, "unauthorized")
        assert "ask for another one" in answer["error"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/sessions/s2/events", 403, "forbidden"),
        ("/events", 403, "forbidden"),
        ("/ml/stream/s1/face", 403, "insufficient_scope"),
        ("/health", 422, "invalid_field"),
        ("/tokens", 422, "invalid_field"),
        ("/nothing/here", 422, "invalid_field"),
        ("/sessions/s1/events?after=0", 422, "invalid_field"),
        ("https://elsewhere.example/", 422, "invalid_field"),
        ("//elsewhere.example/events", 422, "invalid_field"),
        ("", 422, "invalid_field"),
    ],
)
async def test_what_a_ticket_cannot_be_for_is_told_when_it_is_asked_for(
    guarded: Rig, path: str, status: int, code: str
) -> None:
    page = await token(guarded, scopes=["watch"])
    told, answer = await ask_ticket(guarded, page, path)
    assert (told, answer["error_code"]) == (status, code)


async def test_a_service_gets_tickets_for_overviews_too(guarded: Rig) -> None:
    text = await ticket(guarded, "monitor", "/events")
    async with guarded.api.events(f"/events?ticket={text}"):
        pass
    assert (await ask_ticket(guarded, "nobody", "/events"))[0] == 401


async def test_what_a_deleted_session_gave_away_does_not_make_it_anew(guarded: Rig) -> None:
    page, path = await token(guarded), "/ml/stream/s1/face"
    once = await ticket(guarded, page, path)
    offered = SDP | bearer(page)
    assert (await guarded.api.json("POST", "/whip/s1", data=OFFER, headers=offered))[0] == 201
    assert (await guarded.api.json("DELETE", "/sessions/s1", headers=SERVICE))[0] == 204

    for method, way, shown in (("POST", "/whip/s1", offered), ("GET", f"{path}?ticket={once}", {})):
        status, answer = await guarded.api.json(method, way, data=OFFER, headers=shown)
        assert (status, answer["error_code"]) == (401, "unauthorized")
        assert "which was deleted" in answer["error"]
    assert (await guarded.api.json("GET", "/sessions/s1", headers=SERVICE))[0] == 404
    async with Redis(unix_socket_path=str(guarded.api.config.state_dir / "redis" / "redis.sock")) as redis:
        assert [key async for key in redis.scan_iter("*s1*")] == []

    fresh = SDP | bearer(await token(guarded))
    assert (await guarded.api.json("POST", "/whip/s1", data=OFFER, headers=fresh))[0] == 201


@pytest.mark.parametrize("shown", ["protocol", "ticket"])
async def test_a_websocket_shows_a_token_or_a_ticket(guarded: Rig, shown: str) -> None:
    path, page = "/ml/stream/s1/face", await token(guarded, scopes=["publish"])
    query, protocols = "", ["argusd"]
    if shown == "protocol":
        protocols.append(f"argusd.bearer.{page}")
    else:
        query = f"?ticket={await ticket(guarded, page, path)}"
    async with guarded.api.http.ws_connect(path + query, protocols=protocols) as socket:
        assert socket.protocol == "argusd", "and never the token"
        await guarded.scheduler.until(lambda: MediaKey("s1", "face") in guarded.scheduler.policies)


async def test_no_log_shows_a_token_or_a_ticket(guarded: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    page, path = await token(guarded), "/ml/stream/s1/face"
    once = await ticket(guarded, page, path)
    for protocols in ([f"argusd.bearer.{page}"], ["argusd", f"argusd.bearer.{page}x"], []):
        with contextlib.suppress(aiohttp.WSServerHandshakeError):
            await guarded.api.http.ws_connect(f"{path}?ticket={once}", protocols=protocols)
    await guarded.api.json("GET", "/sessions/s1", headers=bearer(page))
    assert "/ml/stream/{session_id}/face" in caplog.text
    assert [secret for secret in (page, once) if secret in caplog.text] == []


def test_no_text_of_a_token_shows_it() -> None:
    assert "t0ken" not in repr(SessionToken("t0ken", 0.0))
