"""``WS /ml/stream/{session_id}/{stream}``: media in, one JSON answer for every look at it.

Who opened a stream may open it again at any time: the older WebSocket ends then, also where its client is
long gone and nobody has noticed. Somebody else gets ``stream_active``.

Everything between the two is bounded and nothing waits: pictures and samples go into a ring where the newest
overwrite the oldest, answers into a short queue that forgets the oldest. Whatever ends a stream against the
client's will is told as JSON (``success`` false, ``error_code``, ``error``) and then by the close code 4000 +
the error's HTTP status. A message beyond twice the largest picture is not even read: the code is 1009 (RFC
6455, 7.4.1) and no JSON comes first.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from argusd.scheduler.contract.errors import (
    InvalidField,
    MalformedRequest,
    ModelUnavailable,
    ServiceError,
    WrongContentType,
)
from argusd.scheduler.contract.http import CLOSE_CODES, PROTOCOL, ErrorReply
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.messages import Latest, SchedulerStats
from argusd.scheduler.contract.streams.spec import StreamSpec

from ..access.admitted import GRANT
from ..context import CONTEXT, Context
from ..events.redis_store import refused_while_away
from ..http.envelope import decode_json
from ..http.query import parameter
from ..sessions.session import check_session_id
from ..sessions.whip import check_admission
from .live import StreamSocket
from .media import HIGHEST_RATE, LOWEST_RATE, MAX_JPEG_BYTES
from .timed import TimedMedia, typed_answer

GOODBYE_S = 2.0
CHECK_S = 0.5
WRITER_LIMIT = 64 << 10
MOST_DIGITS = 9  # that are read of a number
NO_SOCKET = "This path is a WebSocket: open it with ws:// or wss://."

# aiohttp would tell of a client that does not offer our protocol, and quote what it offers: maybe a token.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)

SampleRate = Annotated[int, msgspec.Meta(ge=LOWEST_RATE, le=HIGHEST_RATE)]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def stream_handler(spec: StreamSpec) -> Handler:
    """The handler of one stream's paths."""

    async def handler(request: web.Request) -> web.StreamResponse:
        context, goodbye = request.app[CONTEXT], None
        socket = web_socket(request)
        if not is_socket(request):
            raise MalformedRequest(NO_SOCKET)
        if not socket.can_prepare(request):
            await socket.prepare(request)  # says what it lacks to be a WebSocket; nothing is begun for it
        async with opened(request, context, spec) as stream:
            await socket.prepare(request)
            try:
                await converse(context, socket, stream)
            except ServiceError as error:
                goodbye = error
        # Only now, when the stream is given back, does a client hear so: it may come again at once.
        if goodbye is not None:
            await refuse(socket, goodbye)
        await socket.close(drain=False)
        return socket

    handler.__name__ = f"stream_{spec.name}"
    handler.__doc__ = f"Watch media that come over a WebSocket: the {spec.name} stream."
    return handler


def is_socket(request: web.Request) -> bool:
    """Whether the request asks for a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def web_socket(request: web.Request) -> web.WebSocketResponse:
    """A WebSocket as all streams have it, for this request's client."""
    config = request.app[CONTEXT].config
    return web.WebSocketResponse(
        protocols=(PROTOCOL,),
        timeout=GOODBYE_S,
        autoclose=False,
        heartbeat=config.heartbeat_s,
        compress=False,
        max_msg_size=2 * MAX_JPEG_BYTES,
        writer_limit=WRITER_LIMIT,
    )


@contextlib.asynccontextmanager
async def opened(request: web.Request, context: Context, spec: StreamSpec) -> AsyncIterator[StreamSocket]:
    """The stream that the request asks for, for the time of the context.

    Raises:
        ServiceError: it cannot be opened here, now or at all; nothing is begun.
    """
    session_id, rate = check_session_id(request.match_info["session_id"]), sample_rate(request)
    context.check_taken(session_id)
    if not context.streams.holds(session_id, spec.name):
        check_admission(context)
    check_served(context, spec)
    grant = request[GRANT]
    with contextlib.ExitStack() as stack:
        async with context.sessions.turn(session_id):
            await context.stamps.check(grant)  # again: the turn before may have deleted the session
            context.sessions.check_no_publisher(session_id)
            await context.streams.make_room(session_id, spec, grant.principal)
            context.check_taken(session_id)
            with refused_while_away():
                session = await context.registry.ensure(session_id)
            stream = stack.enter_context(context.streams.opened(session, spec, rate, grant.principal))
        context.sessions.remember_scheduler(session, spec.name)
        try:
            yield stream
        finally:
            await stream.hearing.close()


def sample_rate(request: web.Request) -> int:
    """The rate of the samples to come, Hz.

    Raises:
        InvalidField: it is no number, or none that is taken.
    """
    given = parameter(request, "sample_rate")
    text = str(SAMPLE_RATE) if given is None else given
    rate = int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise InvalidField(f"The sample_rate must be a number from {LOWEST_RATE} to {HIGHEST_RATE}.")
    return rate


def check_served(context: Context, spec: StreamSpec) -> None:
    """Refuse a stream that nobody would look at; while all schedulers are away nobody knows.

    Raises:
        ModelUnavailable: no scheduler has a model for it.
    """
    told = context.schedulers.healthy.values()
    if told and not any(serves(stats, spec) for stats in told):
        raise ModelUnavailable(f"No model is there for {spec.name} streams; argusd models pull gets them.")


def serves(stats: SchedulerStats, spec: StreamSpec) -> bool:
    """Whether a scheduler has a model for each role that the stream cannot do without."""
    ready = {role.role: role.ready for role in stats.roles}
    return spec.name in stats.active_sessions and all(ready.get(role, True) for role in spec.required)


async def converse(context: Context, socket: web.WebSocketResponse, stream: StreamSocket) -> None:
    """Take media and send answers until the client leaves or lags, or somebody ends the stream.

    Raises:
        ServiceError: why it is over, where that was not the client's wish.
    """
    tasks: list[asyncio.Future[Any]] = [
        asyncio.create_task(take_media(context, socket, stream)),
        asyncio.create_task(send_answers(context, socket, stream)),
        asyncio.create_task(watch_silence(context, stream)),
    ]
    try:
        done, _ = await asyncio.wait([*tasks, stream.ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if stream.ended in done:
        raise stream.ended.result()
    for task in tasks:
        if task in done:
            task.result()


async def take_media(context: Context, socket: web.WebSocketResponse, stream: StreamSocket) -> None:
    """Write what comes into the stream's rings, until the client closes."""
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return
        await take(stream, message)
        context.streams.media_came(stream)


async def watch_silence(context: Context, stream: StreamSocket) -> None:
    """See whether the stream's tracks bring anything, until cancelled."""
    while True:
        await asyncio.sleep(CHECK_S)
        context.streams.check(stream)


async def take(stream: StreamSocket, message: WSMessage) -> None:
    """Write one message into the stream's ring.

    Raises:
        ServiceError: it cannot be used.
    """
    if len(stream.spec.tracks) > 1:
        take_timed(stream, message)
    elif message.type is not WSMsgType.BINARY:
        raise WrongContentType("This stream takes binary messages.")
    elif stream.spec.tracks == ("audio",):
        await stream.hearing.take(message.data)
    else:
        stream.pictures.take(message.data)


def take_timed(stream: StreamSocket, message: WSMessage) -> None:
    """Write one message of the JSON form into the ring it is for."""
    if message.type is not WSMsgType.TEXT:
        raise WrongContentType("This stream takes JSON, as text messages.")
    media = decode_json(message.data.encode(), TimedMedia, whole="the message")
    if media.type == "video_frame":
        stream.pictures.take(media.data_b64, media.captured_ns)
    else:
        stream.sound.take(media.data_b64, media.captured_ns)


async def send_answers(context: Context, socket: web.WebSocketResponse, stream: StreamSocket) -> None:
    """Send every look's result; a client that does not take them in time is cut off."""
    with contextlib.suppress(ConnectionError):
        while True:
            text = encode(stream, await stream.answers.next())
            try:
                async with asyncio.timeout(context.config.slow_consumer_s):
                    await socket.send_str(text)
            except TimeoutError:
                if transport := socket.get_extra_info("transport"):
                    transport.abort()
                return


def encode(stream: StreamSocket, latest: Latest) -> str:
    """An answer: the stream's JSON of the wire contract, and when what it tells was seen or heard.

    One that nobody waits for says that nothing is known any more, because nothing came for a while.
    """
    types = stream.spec.answers
    answer = latest.data if types is None else typed_answer(latest, types)
    about: dict[str, Any] = {
        "session_id": stream.session.session_id,
        "stream": stream.name,
        "captured_at": latest.captured_at,
        "frame_age_ms": latest.frame_age_ms,
        "skipped": latest.skipped,
        "models": latest.models,
    }
    if latest.state == "unknown":
        about |= {"state": latest.state, "reason": latest.reason}
    return msgspec.json.encode({**answer, **about}).decode()


async def refuse(socket: web.WebSocketResponse, error: ServiceError) -> None:
    """Tell why, and close."""
    reply = msgspec.json.encode(ErrorReply(error_code=error.code, error=str(error))).decode()
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await socket.send_str(reply)
    await socket.close(code=CLOSE_CODES + error.status, message=error.code.encode())
