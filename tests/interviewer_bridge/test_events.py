import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
import pytest
from aiohttp import web

from argusd.interviewer_bridge.errors import StreamBroken, SubscriptionRefused, Unreachable
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event, Gap

from ..ports import free_port
from ..waiting import LONGEST_S
from .conftest import Handler, Serve


def event(seq: int) -> Event:
    return Event(
        id=f"s:{seq}",
        session_id="s",
        seq=seq,
        type="violation",
        stream="face",
        name="gaze_away",
        state="start",
        captured_at=1.5,
        data={"media_s": 0.5},
    )


def frame(seq: int) -> bytes:
    return b"id: s:%d\ndata: %s\n\n" % (seq, msgspec.json.encode(event(seq)))


async def take(events: AsyncGenerator[Event | Gap, None], count: int) -> list[Event | Gap]:
    async with asyncio.timeout(LONGEST_S), aclosing(events):
        taken = []
        async for each in events:
            taken.append(each)
            if len(taken) == count:
                break
        return taken


async def reply(request: web.Request, *pieces: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
    return response


async def test_events_come_as_they_were_sent(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.path == "/sessions/s/events"
        assert request.headers["Authorization"] == "Bearer t0ken"
        assert "Last-Event-ID" not in request.headers
        return await reply(request, b"retry: 500\n\n", frame(1), b": heartbeat\n\n", frame(2))

    url = await serve(handler)
    assert await take(subscribe(url, "s", token="t0ken"), 2) == [event(1), event(2)]


async def test_without_a_session_all_are_followed(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.path == "/events"
        return await reply(request, frame(1))

    assert await take(subscribe(await serve(handler)), 1) == [event(1)]


async def test_a_broken_connection_goes_on_behind_the_last_event(serve: Serve) -> None:
    asked: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Last-Event-ID"))
        return await reply(request, frame(len(asked)))  # one event, then the connection ends

    url = await serve(handler)
    assert await take(subscribe(url, "s", last_event_id="s:0"), 3) == [event(1), event(2), event(3)]
    assert asked == ["s:0", "s:1", "s:2"]


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_a_daemon_that_has_no_room_just_now_is_asked_again(serve: Serve, status: int) -> None:
    answers = iter([frame(1), None, frame(2)])

    async def handler(request: web.Request) -> web.StreamResponse:
        body = next(answers)
        return web.Response(status=status) if body is None else await reply(request, body)

    assert await take(subscribe(await serve(handler), "s"), 2) == [event(1), event(2)]


async def test_who_comes_first_while_there_is_no_room_is_told_when_to_come_back(serve: Serve) -> None:
    body = b'{"success":false,"error_code":"overloaded","error":"No room."}'

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, body=body, headers={"Retry-After": "10"})

    with pytest.raises(SubscriptionRefused, match="No room") as caught:
        await take(subscribe(await serve(handler), "s"), 1)
    assert (caught.value.code, caught.value.retry_after_s) == ("overloaded", 10.0)


async def test_a_connection_lost_before_its_first_event_goes_on_from_where_it_began(serve: Serve) -> None:
    asked: list[str | None] = []
    half_an_event = b"id: s:6\ndata: {"

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Last-Event-ID"))
        if len(asked) > 2:
            return await reply(request, frame(6))
        return await reply(request, b"retry: 500\nid: s:5\n\n", half_an_event)

    assert await take(subscribe(await serve(handler), "s"), 1) == [event(6)]
    assert asked == [None, "s:5", "s:5"]


async def test_a_gap_is_told(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await reply(request, b'id: s:6\nevent: gap\ndata: {"session_id":"s","missed":6}\n\n', frame(7))

    assert await take(subscribe(await serve(handler), "s"), 2) == [Gap("s", missed=6), event(7)]


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (
            b'{"success":false,"error_code":"session_not_found","error":"No such session."}',
            "session_not_found",
            "No such session.",
        ),
        (b"<html>", "http_404", "the daemon answered with HTTP status 404"),
    ],
)
async def test_a_refusal_is_passed_on(serve: Serve, body: bytes, code: str, sentence: str) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404, body=body)

    with pytest.raises(SubscriptionRefused, match=sentence) as caught:
        await take(subscribe(await serve(handler), "s"), 1)
    assert (caught.value.status, caught.value.code) == (404, code)


async def test_something_else_than_events_is_said_so(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await reply(request, b"data: [1]\n\n")

    with pytest.raises(StreamBroken):
        await take(subscribe(await serve(handler), "s"), 1)


async def test_nobody_there() -> None:
    with pytest.raises(Unreachable, match="no daemon answers"):
        await take(subscribe(f"http://127.0.0.1:{free_port()}"), 1)


async def test_another_host_goes_on_where_one_is_lost(serve: Serve) -> None:
    asked: list[tuple[str, str | None]] = []

    def host(name: str, *pieces: bytes) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            asked.append((name, request.headers.get("Last-Event-ID")))
            response = await reply(request, *pieces)
            assert request.transport is not None
            request.transport.abort()
            return response

        return handler

    urls = [await serve(host("a", frame(1), b"id: s:2\ndata: {")), await serve(host("b", frame(2)))]
    nobody = f"http://127.0.0.1:{free_port()}"
    assert await take(subscribe(",".join([nobody, *urls]), "s"), 2) == [event(1), event(2)]
    assert asked == [("a", None), ("b", "s:1")]


async def test_a_host_that_does_not_know_the_session_yet_is_asked_again(serve: Serve) -> None:
    """It takes the session over from the lost host within seconds. A single daemon's 404 is the end."""
    asked: list[str] = []

    async def lost(request: web.Request) -> web.StreamResponse:
        asked.append("lost")
        if len(asked) > 1:
            return web.Response(status=503)
        return await reply(request, frame(1))

    async def taking_over(request: web.Request) -> web.StreamResponse:
        asked.append("taking over")
        return await reply(request, frame(2)) if len(asked) == 5 else web.Response(status=404)

    urls = f"{await serve(lost)},{await serve(taking_over)}"
    assert await take(subscribe(urls, "s"), 2) == [event(1), event(2)]
    with pytest.raises(SubscriptionRefused):
        await take(subscribe(urls.partition(",")[2], "s"), 2)
