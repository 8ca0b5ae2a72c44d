"""What a relay passes on and back, and what becomes of a host that answers nonsense, or not to the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.api.access.tickets import Tickets
from argusd.api.hosts import relay as relays
from argusd.api.hosts.beats import Host
from argusd.api.hosts.relay import NotReached, Relay
from argusd.scheduler.contract.errors import ServiceError

from ...ports import free_port
from ...waiting import LONGEST_S

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


class Holder:
    """A host that answers everything with ``answer``, as it stands; it keeps what it was told."""

    def __init__(self) -> None:
        self.answer = b""
        self.is_silent = False
        self.told: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((line[15:] for line in head.splitlines() if line.startswith("Content-Length:")), "0")
        self.told += [*head.splitlines(), (await reader.readexactly(int(length))).decode()]
        if self.is_silent:
            await reader.read()  # until the other side has enough
        writer.write(self.answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


class Relayed(NamedTuple):
    """A front door that relays all it is asked to ``holder``, within ``within_s``."""

    holder: Holder
    http: aiohttp.ClientSession

    async def ask(self, method: str = "GET", **request: Any) -> tuple[int, Any, bytes]:
        async with self.http.request(method, "/sessions/s1?x=%26", **request) as response:
            return response.status, response.headers, await response.read()


def at_port(port: int) -> Host:
    return Host("b", f"http://127.0.0.1:{port}", boot="boot-of-b")


@contextlib.asynccontextmanager
async def front_door(port: int, within_s: float) -> AsyncIterator[aiohttp.ClientSession]:
    relay = Relay(cast(Tickets, None))  # no request here has a ticket

    async def handle(request: web.Request) -> web.Response:
        try:
            return await relay.pass_on(at_port(port), request, await request.read(), within_s)
        except ServiceError as error:
            return web.Response(status=error.status, text=type(error).__name__)

    app = web.Application()
    app.router.add_route("*", "/sessions/s1", handle)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as http:
        yield http
    await relay.close()


@pytest.fixture
def within_s() -> float:
    return LONGEST_S


@pytest.fixture
async def relayed(within_s: float) -> AsyncIterator[Relayed]:
    holder = Holder()
    server = await asyncio.start_server(holder.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, front_door(port, within_s) as http:
        yield Relayed(holder, http)


async def test_the_host_is_told_what_it_has_to_know_and_nothing_of_the_connection(relayed: Relayed) -> None:
    relayed.holder.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    asked = {"Range": "bytes=0-99", "If-Range": '"v1"', "If-None-Match": '"v1"', "traceparent": TRACE}
    about = {"Authorization": "Bearer t0ken", "X-Forwarded-For": "10.1.1.1", "Accept-Encoding": "br, gzip"}
    hop = {"Cookie": "a=b", "TE": "trailers", "Connection": "keep-alive, X-Hop", "X-Hop": "1"}
    assert (await relayed.ask(headers=asked | about | hop))[0] == 204
    first, *told = relayed.holder.told
    assert first == "GET /sessions/s1?x=%26 HTTP/1.1", "as it was written"
    passed = {"Range: bytes=0-99", 'If-Range: "v1"', 'If-None-Match: "v1"', f"traceparent: {TRACE}"}
    made = {"X-Forwarded-For: 10.1.1.1, 127.0.0.1", "Accept-Encoding: identity"}
    shown = {"X-Argusd-Relayed: boot-of-b", "Authorization: Bearer t0ken"}
    assert passed | made | shown <= set(told)
    names = {line.partition(":")[0].lower() for line in told}
    assert not names & {"cookie", "te", "connection", "x-hop"}


async def test_a_body_that_comes_in_chunks_is_passed_on_in_one_piece(relayed: Relayed) -> None:
    relayed.holder.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async def chunks() -> AsyncIterator[bytes]:
        for piece in (b"v=0", b"\r\n", b"o=-"):
            yield piece

    assert (await relayed.ask("POST", data=chunks()))[0] == 200
    assert relayed.holder.told[-1] == "v=0\r\no=-"
    assert "Content-Length: 8" in relayed.holder.told


async def test_a_part_of_a_file_comes_back_as_such(relayed: Relayed) -> None:
    relayed.holder.answer = (
        b'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\nETag: "v1"\r\n'
        b"Content-Type: video/mp4\r\nContent-Length: 4\r\n\r\nclip"
    )
    status, headers, body = await relayed.ask()
    assert (status, headers["Content-Range"], headers["ETag"], body) == (206, "bytes 0-3/9", '"v1"', b"clip")


async def test_what_has_not_changed_comes_back_without_a_body(relayed: Relayed) -> None:
    relayed.holder.answer = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
    status, headers, body = await relayed.ask(headers={"If-None-Match": '"v1"'})
    assert (status, headers["ETag"], body) == (304, '"v1"', b"")


async def test_a_head_tells_how_much_there_would_be(relayed: Relayed) -> None:
    relayed.holder.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"
    status, headers, body = await relayed.ask("HEAD")
    assert (status, headers["Content-Length"], body) == (200, "12345", b"")


async def test_a_coding_that_nobody_asked_for_is_left_as_it_is(relayed: Relayed) -> None:
    """As a proxy before the host may put it on."""
    relayed.holder.answer = (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\n\x0b\x00\x80\x61\x03"
    )
    async with aiohttp.ClientSession(relayed.http._base_url, auto_decompress=False) as http:
        _, headers, body = await Relayed(relayed.holder, http).ask()
    assert (headers["Content-Encoding"], body) == ("br", b"\x0b\x00\x80\x61\x03")


async def test_headers_of_one_connection_go_no_further(relayed: Relayed) -> None:
    relayed.holder.answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        b"Keep-Alive: timeout=5\r\nUpgrade: h2c\r\nX-End: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    )
    status, headers, body = await relayed.ask()
    assert (status, headers["X-End"], body) == (200, "1", b"ok")
    assert not {"X-Hop", "Keep-Alive", "Upgrade", "Transfer-Encoding"} & set(headers)


NONSENSE = {
    "no HTTP": b"+OK a mail server\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "no status": b"HTTP/1.1 abc OK\r\n\r\n",
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
async def test_a_host_that_answers_nonsense_is_told_as_unreachable(relayed: Relayed, answer: bytes) -> None:
    relayed.holder.answer = answer
    status, _, body = await relayed.ask("POST", data=b"offer")
    assert (status, body) == (503, b"HostUnreachable")
    relayed.holder.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert (await relayed.ask("POST", data=b"offer"))[0] == 200, "and the next request finds it well"


@pytest.mark.parametrize("within_s", [0.1])
async def test_a_host_that_says_nothing_is_told_as_unreachable(relayed: Relayed) -> None:
    relayed.holder.is_silent = True
    status, _, body = await relayed.ask()
    assert (status, body) == (503, b"HostUnreachable")


async def test_an_answer_without_end_is_not_kept(relayed: Relayed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "MOST_ANSWER", 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    for length, status in ((1000, 200), (1001, 503)):
        relayed.holder.answer = head % length + b"x" * length
        assert (await relayed.ask())[0] == status


async def test_a_client_that_leaves_midway_harms_no_other(relayed: Relayed) -> None:
    body = b"x" * (8 << 20)
    relayed.holder.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with relayed.http.get("/sessions/s1") as response:
        await response.content.readexactly(1000)
    assert (await relayed.ask())[2] == body


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with front_door(free_port(), LONGEST_S) as http, http.get("/sessions/s1") as response:
        assert (response.status, await response.text()) == (503, NotReached.__name__)
