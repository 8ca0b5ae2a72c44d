"""A daemon that sends clients on and on is told as such, not as one that nobody answers for."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.interviewer_bridge.addresses import Addresses
from argusd.interviewer_bridge.errors import NotConnected, Unreachable
from argusd.interviewer_bridge.events import subscribe
from argusd.interviewer_bridge.publish.whip import send_offer
from argusd.interviewer_bridge.transport import Transport


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Where everything is sent back to where it came from."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": str(request.url)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


async def test_an_offer(url: str) -> None:
    with pytest.raises(Unreachable, match="sends us on and on"):
        await send_offer(url, "s1", "v=0", "t0ken")


async def test_a_request_and_a_websocket(url: str) -> None:
    transport = Transport(Addresses(url), "t0ken")
    with pytest.raises(NotConnected, match="sends us on and on"):
        await transport.request("GET", "/sessions", timeout_s=0.1)
    with pytest.raises(NotConnected, match="sends us on and on"):
        await transport.connect("/ml/stream/s1/face")
    await transport.close()


async def test_events(url: str) -> None:
    with pytest.raises(Unreachable, match="sends us on and on"):
        await anext(subscribe(url, "s1"))
