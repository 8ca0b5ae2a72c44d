"""A real browser's page, from another origin than the daemon's, shows its token in each way it can."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.api.config import Token
from argusd.scheduler.contract.media_key import MediaKey

from ...peers.remote import Browser, Tab
from ..fixtures import Rig, running_rig

pytestmark = pytest.mark.browser

SERVICE = {"Authorization": "Bearer service"}
FUNCTIONS = """
const ask = async (path, { json, ...asked } = {}) => {
    const headers = { Authorization: `Bearer ${token}`, ...asked.headers };
    if (json) headers["Content-Type"] = "application/json";
    const method = json ? "POST" : "GET";
    return (await fetch(url + path, { method, headers, body: JSON.stringify(json) })).json();
};
const ticket = async (path) => (await ask("/tickets", { json: { path } })).ticket;
const closing = (socket) => new Promise((done) => {
    let told = null;
    socket.onmessage = ({ data }) => { told = JSON.parse(data).error_code; };
    socket.onclose = ({ code, reason }) => done([told, code, reason]);
});
const opened = (socket) => new Promise((done, failed) => {
    socket.onopen = () => done(socket.protocol);
    socket.onclose = ({ code, reason }) => failed(new Error(`${code} ${reason}`));
});
"""


@asynccontextmanager
async def page(browser: Browser, rig: Rig, *scopes: str) -> AsyncIterator[Tab]:
    """An empty page of a service that has asked for a token of these scopes in the session s1."""
    asked = {"session_id": "s1", "scopes": scopes}
    _, made = await rig.api.json("POST", "/tokens", json=asked, headers=SERVICE)

    async def empty(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>An interview</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    async with TestServer(app) as service, browser.tab(str(service.make_url("/"))) as tab:
        known = {"url": rig.api.url, "socketUrl": "ws" + rig.api.url.removeprefix("http"), **made}
        await tab.run(f"Object.assign(globalThis, {json.dumps(known)}); 0")
        yield tab


async def run(tab: Tab, script: str) -> Any:
    return await tab.run(f"(async () => {{ {FUNCTIONS} {script} }})()")


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_rig(tmp_path, tokens=(Token("service"),)) as rig:
        await rig.api.until("/ready", lambda body: bool(body["ready"]))
        await rig.api.json("PUT", "/sessions/s1", json={}, headers=SERVICE)
        yield rig


async def test_requests_show_it_in_their_header(guarded: Rig, browser: Browser) -> None:
    """Each asks first whether it may (a preflight, which has no token)."""
    script = """
    const sessions = [(await ask("/sessions/s1")).session_id, (await ask("/sessions/s2")).error_code];
    const headers = { Authorization: `Bearer ${token}`, "Last-Event-ID": "0", "If-Match": "*" };
    const events = await fetch(url + "/sessions/s1/events", { headers });
    const first = new TextDecoder().decode((await events.body.getReader().read()).value);
    return [...sessions, first.startsWith("retry: ")];
    """
    async with page(browser, guarded, "watch") as tab:
        assert await run(tab, script) == ["s1", "forbidden", True]


async def test_an_event_source_shows_a_ticket(guarded: Rig, browser: Browser) -> None:
    listen = """
    const path = "/sessions/s1/events";
    globalThis.source = new EventSource(`${url}${path}?after=0&ticket=${await ticket(path)}`);
    globalThis.heard = new Promise((done) => { source.onmessage = ({ data }) => done(JSON.parse(data)); });
    await new Promise((done, failed) => { source.onopen = done; source.onerror = failed; });
    """
    refused = 'return (await ask("/tickets", { json: { path: "/sessions/s2/events" } })).error_code;'
    async with page(browser, guarded, "watch", "publish") as tab:
        await run(tab, listen)
        guarded.scheduler.find("s1")
        assert (await tab.run("heard"))["name"] == "face"
        assert await run(tab, refused) == "forbidden"


@pytest.mark.parametrize(
    "opening",
    [
        'new WebSocket(socketUrl + path, ["argusd", `argusd.bearer.${token}`])',
        "new WebSocket(`${socketUrl}${path}?ticket=${await ticket(path)}`)",
    ],
)
async def test_a_websocket_shows_a_protocol_or_a_ticket(guarded: Rig, browser: Browser, opening: str) -> None:
    script = f'const path = "/ml/stream/s1/face"; return await opened(globalThis.socket = {opening});'
    async with page(browser, guarded, "publish") as tab:
        assert await run(tab, script) == ("argusd" if "bearer" in opening else "")
        await guarded.scheduler.until(lambda: MediaKey("s1", "face") in guarded.scheduler.policies)


@pytest.mark.parametrize(
    ("session_id", "shown", "told"),
    [
        ("s1", '["argusd", "argusd.bearer.guess"]', ["unauthorized", 4401, "unauthorized"]),
        ("s1", "[]", ["unauthorized", 4401, "unauthorized"]),
        ("s2", '["argusd", `argusd.bearer.${token}`]', ["forbidden", 4403, "forbidden"]),
    ],
)
async def test_a_page_reads_why_its_websocket_is_refused(
    guarded: Rig, browser: Browser, session_id: str, shown: str, told: list[Any]
) -> None:
    script = f"return await closing(new WebSocket(`${{socketUrl}}/ml/stream/{session_id}/face`, {shown}));"
    async with page(browser, guarded, "publish") as tab:
        assert await run(tab, script) == told
