"""Streams against a WebSocket server that answers, refuses or breaks off as a test says."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any

import msgspec
import pytest
from aiohttp import ClientConnectionError, WSMsgType, web

from argusd.interviewer_bridge import AudioChunk, MLOrchestratorClient, VideoFrame, streams, transport
from argusd.interviewer_bridge.errors import (
    AnswerLost,
    DaemonFault,
    InvalidRequest,
    NotConnected,
    NotNow,
    NotThere,
)
from argusd.interviewer_bridge.streams import closing_error
from argusd.scheduler.contract.http import FOLLOWS_HEADER

from ..ports import free_port
from ..waiting import LONGEST_S
from .conftest import Serve


@pytest.fixture(autouse=True)
def brief_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LINGER_S", 0.1)
    monkeypatch.setattr(streams, "backoff_s", lambda _attempt: 0.01)


class Echo:
    """Answers messages with number and size. ``breaks``: by connection, after how many it ends, and how."""

    def __init__(self, *breaks: tuple[int, int | None]) -> None:
        self.received: list[list[Any]] = []
        self.paths: list[str] = []
        self.shown: list[tuple[str | None, str | None]] = []  # tokens and tickets
        self._breaks = breaks

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.paths.append(request.path)
        self.shown.append((request.headers.get("Authorization"), request.query.get("ticket")))
        number = len(self.received)
        messages: list[Any] = []
        self.received.append(messages)
        after, code = self._breaks[number] if number < len(self._breaks) else (-1, None)
        while len(messages) != after:
            message = await socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return socket
            messages.append(message.data)
            await socket.send_json({"number": len(messages), "size": len(message.data)})
        await self._break(request, socket, code)
        return socket

    async def _break(self, request: web.Request, socket: web.WebSocketResponse, code: int | None) -> None:
        if code is None:
            assert request.transport is not None
            request.transport.abort()
            return
        if code >= 4000:
            await socket.send_json({"success": False, "error_code": f"e{code}", "error": "No more."})
        await socket.close(code=code)


class Live:
    """Media that keep coming until ``stop`` is set."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self.stop.is_set():
            yield b"frame"
            await asyncio.sleep(0.005)


async def each(media: Iterable[Any]) -> AsyncIterator[Any]:
    for one in media:
        yield one


async def test_media_go_in_and_findings_come_out(serve: Serve) -> None:
    echo = Echo()
    async with MLOrchestratorClient(await serve(echo.handle)) as client:
        found = [finding async for finding in client.stream("room/1", "face", each([b"a", b"bc"]))]
    assert found == [{"number": 1, "size": 1}, {"number": 2, "size": 2}]
    assert (echo.paths, echo.received) == (["/ml/stream/room/1/face"], [[b"a", b"bc"]])


async def test_lip_sync_media_carry_their_time(serve: Serve) -> None:
    echo = Echo()
    media = [VideoFrame(b"\xff\xd8", ts=1.5), AudioChunk(b"\x01\x00", ts=1.25)]
    async with MLOrchestratorClient(await serve(echo.handle)) as client:
        assert len([finding async for finding in client.stream("s", "lipsync", each(media))]) == 2
    assert [msgspec.json.decode(message) for message in echo.received[0]] == [
        {"type": "video_frame", "data_b64": base64.b64encode(b"\xff\xd8").decode(), "ts": 1.5},
        {"type": "audio_chunk", "data_b64": base64.b64encode(b"\x01\x00").decode(), "ts": 1.25},
    ]


async def test_a_stream_that_is_sent_on_goes_straight_to_the_host(serve: Serve) -> None:
    echo = Echo()
    host = await serve(echo.handle)

    async def send_on(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer t0ken"
        assert request.headers[FOLLOWS_HEADER] == "1"
        raise web.HTTPTemporaryRedirect(f"{host}ml/stream/s/face?ticket=t1cket")

    async with MLOrchestratorClient(await serve(send_on), token="t0ken") as client:
        assert [finding async for finding in client.stream("s", "face", each([b"a"]))] == [
            {"number": 1, "size": 1}
        ]
    assert echo.shown == [(None, "t1cket")]


@pytest.mark.parametrize("code", [None, 1001, 4503, 4409])
async def test_a_stream_that_has_worked_is_taken_up_again(serve: Serve, code: int | None) -> None:
    echo, live = Echo((2, code), (0, 4503)), Live()
    async with MLOrchestratorClient(await serve(echo.handle)) as client:
        numbers = []
        async for finding in client.stream("s", "face", live):
            numbers.append(finding["number"])
            if len(numbers) == 5:
                live.stop.set()
    assert numbers[:5] == [1, 2, 1, 2, 3]
    assert len(echo.received) == 3


async def test_media_that_end_while_a_connection_is_made_anew_end_the_stream(serve: Serve) -> None:
    echo, live = Echo((1, None)), Live()

    async def handle(request: web.Request) -> web.StreamResponse:
        if echo.received:
            live.stop.set()
            await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == "stream media"])
        return await echo.handle(request)

    async with MLOrchestratorClient(await serve(handle)) as client, asyncio.timeout(LONGEST_S):
        found = [finding["number"] async for finding in client.stream("s", "face", live)]
    assert (found, len(echo.received)) == ([1], 2)


async def test_what_the_daemon_will_not_take_is_said(serve: Serve) -> None:
    echo = Echo((1, 4422))
    async with MLOrchestratorClient(await serve(echo.handle)) as client:
        with pytest.raises(InvalidRequest, match="No more") as raised:
            _ = [finding async for finding in client.stream("s", "face", Live())]
    assert (raised.value.code, raised.value.status) == ("e4422", 422)
    assert len(echo.received) == 1


@pytest.mark.parametrize("code", [None, 4503])
async def test_a_stream_that_never_worked_is_not_tried_again(serve: Serve, code: int | None) -> None:
    echo = Echo((0, code))
    async with MLOrchestratorClient(await serve(echo.handle)) as client:
        with pytest.raises(NotNow if code else AnswerLost):
            _ = [finding async for finding in client.stream("s", "face", Live())]
    assert len(echo.received) == 1


async def test_a_path_without_a_stream_is_said(serve: Serve) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"success": False, "error_code": "not_found", "error": "No."}, status=404)

    async with MLOrchestratorClient(await serve(refuse)) as client:
        with pytest.raises(NotThere) as raised:
            _ = [finding async for finding in client.stream("s", "smell", Live())]
    assert raised.value.status == 404


async def test_nobody_there_is_said() -> None:
    async with MLOrchestratorClient(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(NotConnected):
            _ = [finding async for finding in client.stream("s", "face", Live())]


async def test_a_daemon_that_takes_connections_and_says_nothing_is_nobody(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HANDSHAKE_S", 0.1)
    over = asyncio.Event()

    async def say_nothing(_: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    async with MLOrchestratorClient(await serve(say_nothing)) as client, asyncio.timeout(LONGEST_S):
        with pytest.raises(NotConnected):
            _ = [finding async for finding in client.stream("s", "face", Live())]
    over.set()


@pytest.mark.parametrize("answer", ["not JSON", "[1]", b"\x00"])
async def test_something_else_than_a_finding_is_said(serve: Serve, answer: str | bytes) -> None:
    async def babble(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await (socket.send_str(answer) if isinstance(answer, str) else socket.send_bytes(answer))
        await socket.receive()
        return socket

    async with MLOrchestratorClient(await serve(babble)) as client:
        with pytest.raises(DaemonFault):
            _ = [finding async for finding in client.stream("s", "face", Live())]


async def test_what_the_media_raise_reaches_the_caller(serve: Serve) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"frame"
        raise ClientConnectionError("the camera is gone")

    async with MLOrchestratorClient(await serve(Echo().handle)) as client:
        with pytest.raises(ClientConnectionError, match="the camera is gone"):
            _ = [finding async for finding in client.stream("s", "face", broken())]


async def test_a_caller_may_leave_at_any_time(serve: Serve) -> None:
    left = asyncio.Event()
    echo = Echo()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await echo.handle(request)
        left.set()
        return response

    async with MLOrchestratorClient(await serve(handle)) as client:
        async with aclosing(client.stream("s", "face", Live())) as findings:
            assert (await anext(findings))["number"] == 1
        await left.wait()


async def test_media_that_never_wait_do_not_starve_a_new_connection(serve: Serve) -> None:
    echo, stop = Echo((1, None)), asyncio.Event()

    async def restless() -> AsyncIterator[bytes]:
        while not stop.is_set():
            yield b"frame"

    async with MLOrchestratorClient(await serve(echo.handle)) as client:
        async for _ in client.stream("s", "face", restless()):
            if len(echo.received) == 2:
                stop.set()
    assert len(echo.received) == 2


def test_a_message_too_long_to_be_read_is_the_callers_mistake() -> None:
    error = closing_error(1009, b"")
    assert isinstance(error, InvalidRequest)
    assert error.status == 413
