"""What commands ask, where one daemon or several hosts may answer."""

import argparse

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.daemon.asking import ask
from argusd.daemon.errors import ConfigInvalid
from argusd.daemon.options import Endpoint, endpoint
from argusd.interviewer_bridge.errors import Unreachable

from ..ports import free_port

NOBODY = f"http://127.0.0.1:{free_port()}"


async def test_the_first_host_that_answers_is_asked() -> None:
    async def handle(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t0ken"
        return web.json_response([1])

    app = web.Application()
    app.router.add_get("/hosts", handle)
    async with TestServer(app) as server:
        daemon = Endpoint(f"{NOBODY},{server.make_url('/')}", "t0ken")
        assert await ask(daemon, "GET", "/hosts", list[int]) == [1]


async def test_nobody_answers() -> None:
    with pytest.raises(Unreachable, match=NOBODY):
        await ask(Endpoint(f"{NOBODY},{NOBODY}", None), "GET", "/hosts", list[int])


@pytest.mark.parametrize("body", [b"<html>", b'["caf\xe9"]', b"[" * 5000])
async def test_somebody_answers_who_is_no_daemon(body: bytes) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/hosts", handle)
    async with TestServer(app) as server:
        with pytest.raises(Unreachable):
            await ask(Endpoint(str(server.make_url("/")), None), "GET", "/hosts", list)


def test_an_address_of_the_environment_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUSD_URL", "ml:8015")
    with pytest.raises(ConfigInvalid, match=r"ARGUSD_URL: .* did you mean http://ml:8015\?"):
        endpoint(argparse.Namespace(config=None, url=None))
