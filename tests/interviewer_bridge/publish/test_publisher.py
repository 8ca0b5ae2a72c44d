"""The publisher against a real aiortc peer on the other side of a small HTTP server."""

import asyncio
import subprocess
import sys

import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from argusd.interviewer_bridge.errors import PublishRefused, Unreachable
from argusd.interviewer_bridge.publish.loopback import offer_loopback
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.http import EVENTS_RELATION

from ...ports import free_port
from ...waiting import LONGEST_S
from ..conftest import Serve


class WhipServer:
    """Answers offers with a peer that takes frames; notes what was asked of it."""

    def __init__(self, offered_with: str | None = "Bearer t0ken") -> None:
        self.requests: list[tuple[str, str]] = []
        self.shown: list[tuple[str | None, str | None]] = []  # tokens and tickets
        self.location = "/whip/room/secret"
        self.headers: dict[str, str] = {}
        self._offered_with = offered_with
        self.kinds: set[str] = set()
        self.got_frame = asyncio.Event()
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peer.on("track", self._track)
        self._readers: list[asyncio.Task[None]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        self.shown.append((request.headers.get("Authorization"), request.query.get("ticket")))
        if request.method == "DELETE":
            return web.Response()
        assert request.content_type == "application/sdp"
        assert self.shown[-1][0] == self._offered_with
        offer = await request.text()
        assert "a=sendonly" in offer
        assert " 127.0.0.1 " in offer  # a loopback candidate
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        offer_loopback(self.peer)
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return web.Response(
            status=201,
            text=self.peer.localDescription.sdp,
            content_type="application/sdp",
            headers={
                "Location": self.location,
                "Link": f'</sessions/room/events?after=41>; rel="{EVENTS_RELATION}"; events="session"',
                **self.headers,
            },
        )

    def _track(self, track) -> None:  # type: ignore[no-untyped-def]
        self._readers.append(asyncio.create_task(self._read(track)))

    async def _read(self, track) -> None:  # type: ignore[no-untyped-def]
        await track.recv()
        self.kinds.add(track.kind)
        if self.kinds == {"audio", "video"}:
            self.got_frame.set()

    async def close(self) -> None:
        await self.peer.close()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


async def test_media_arrive_and_the_resource_is_deleted_at_the_end(serve: Serve) -> None:
    server = WhipServer()
    url = await serve(server.handle)
    async with Publisher(url, "room", synthetic(), token="t0ken") as publisher:
        assert publisher.events_after == "41"
        await asyncio.wait_for(server.got_frame.wait(), LONGEST_S)
    assert server.requests == [("POST", "/whip/room"), ("DELETE", "/whip/room/secret")]
    await server.close()


async def test_a_host_that_the_daemon_sends_us_to_gets_the_ticket_and_the_end_gets_the_token(
    serve: Serve,
) -> None:
    """By RFC 9110 15.4 and the Fetch standard no redirected request takes a token to another origin."""
    server = WhipServer(offered_with=None)
    holder = await serve(server.handle)

    async def send_on(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer t0ken"
        raise web.HTTPTemporaryRedirect(f"{holder}whip/room?ticket=t1cket")

    async with Publisher(await serve(send_on), "room", synthetic(), token="t0ken"):
        pass
    assert server.requests == [("POST", "/whip/room"), ("DELETE", "/whip/room/secret")]
    assert server.shown == [(None, "t1cket"), ("Bearer t0ken", None)]
    await server.close()


async def test_a_daemon_that_sends_us_to_a_dead_host_is_asked_again(serve: Serve) -> None:
    """It takes the host for alive until that has missed its beats."""
    server = WhipServer(offered_with=None)
    hosts = [f"http://127.0.0.1:{free_port()}/", await serve(server.handle)]

    async def send_on(_: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(f"{hosts.pop(0)}whip/room?ticket=t1cket")

    async with Publisher(await serve(send_on), "room", synthetic(), token="t0ken"):
        assert server.requests == [("POST", "/whip/room")]
    await server.close()


async def test_a_resource_at_a_host_that_no_redirect_named_gets_no_token(serve: Serve) -> None:
    elsewhere, server = WhipServer(), WhipServer()
    server.location = f"{await serve(elsewhere.handle)}whip/room/secret"
    async with Publisher(await serve(server.handle), "room", synthetic(), token="t0ken"):
        pass
    assert (elsewhere.requests, elsewhere.shown) == ([("DELETE", "/whip/room/secret")], [(None, None)])
    await server.close()
    await elsewhere.close()


async def test_it_is_finished_when_the_source_is(serve: Serve) -> None:
    server = WhipServer()
    url = await serve(server.handle)
    async with Publisher(url, "room", synthetic(seconds=0.2), token="t0ken") as publisher:
        await asyncio.wait_for(publisher.finished(), LONGEST_S)
        assert server.requests == [("POST", "/whip/room")], "it was not ended from outside"
    await server.close()


async def test_it_is_finished_when_the_daemon_goes_away(serve: Serve) -> None:
    server = WhipServer()
    url = await serve(server.handle)
    async with Publisher(url, "room", synthetic(), token="t0ken") as publisher:
        await asyncio.wait_for(server.got_frame.wait(), LONGEST_S)
        await server.close()
        await asyncio.wait_for(publisher.finished(), LONGEST_S)
        assert server.requests == [("POST", "/whip/room")]


async def test_who_is_cancelled_while_the_daemon_is_told_of_the_end_leaves_nothing_behind(
    serve: Serve,
) -> None:
    server, told, over = WhipServer(), asyncio.Event(), asyncio.Event()

    async def never_answers_a_goodbye(request: web.Request) -> web.Response:
        if request.method == "DELETE":
            told.set()
            await over.wait()
        return await server.handle(request)

    source = synthetic()
    async with Publisher(await serve(never_answers_a_goodbye), "room", source, token="t0ken") as publisher:
        closing = asyncio.create_task(publisher.close())
        await asyncio.wait_for(told.wait(), LONGEST_S)
        closing.cancel()
        await asyncio.wait([closing])
        states = {track.readyState for track in source.tracks}
        assert (states, publisher.connection.peer.connectionState) == ({"ended"}, "closed")
    over.set()
    await server.close()


async def test_a_refusal_carries_the_daemons_words(serve: Serve) -> None:
    async def refuse(_: web.Request) -> web.Response:
        body = {"success": False, "error_code": "session_active", "error": "Somebody publishes already."}
        return web.json_response(body, status=409)

    with pytest.raises(PublishRefused, match="Somebody publishes already") as caught:
        async with Publisher(await serve(refuse), "room", synthetic()):
            pytest.fail("nothing was published")
    assert (caught.value.status, caught.value.code) == (409, "session_active")


async def test_a_daemon_that_cannot_take_it_now_is_asked_again(serve: Serve) -> None:
    server = WhipServer()
    asked: list[str] = []

    async def busy_at_first(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        if len(asked) < 3:
            return web.Response(status=503, headers={"Retry-After": "0"})
        return await server.handle(request)

    async with Publisher(await serve(busy_at_first), "room", synthetic(), token="t0ken"):
        assert asked == ["POST"] * 3
    await server.close()


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "60"}])
async def test_patience_has_an_end(serve: Serve, headers: dict[str, str]) -> None:
    async def busy(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error_code": "overloaded", "error": "Full."}, status=503, headers=headers)

    with pytest.raises(PublishRefused, match="Full"):
        async with Publisher(await serve(busy), "room", synthetic(), patience_s=1):
            pytest.fail("nothing was published")


async def test_nobody_there() -> None:
    with pytest.raises(Unreachable):
        async with Publisher(f"http://127.0.0.1:{free_port()}", "room", synthetic()):
            pytest.fail("nothing was published")


def test_only_the_publishing_modules_load_aiortc() -> None:
    program = "import sys, argusd.interviewer_bridge.events; print('aiortc' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
