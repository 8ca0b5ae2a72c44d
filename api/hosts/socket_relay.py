"""Relays a WebSocket to another host, message for message, both ways.

Nothing is kept between the two: the next message of a side is read once the other has taken the last one, so
that a slow side slows the fast one down, as TCP does. Either side's close code goes to the other.
"""

import asyncio
import contextlib
from typing import Any

import aiohttp
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from argusd.scheduler.contract.errors import BY_CODE, Draining, HostUnreachable, ServiceError

from ..context import CONTEXT
from ..streams.media import MAX_JPEG_BYTES
from ..streams.socket import GOODBYE_S, refuse, web_socket
from .beats import Host
from .relay import AWAY, CONNECT_S, MISDIRECTED, REFUSED, Relay, astray, headers_for

Close = tuple[int, bytes]
OPENED_S = 12.0  # at most; a stream may have to wait until an older one is closed and told of
ABNORMAL = 1006  # never on the wire: the connection broke
ENDINGS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


async def relay_socket(relay: Relay, host: Host, request: web.Request) -> web.StreamResponse:
    """Converse with a host in the client's name until either has enough, or this host is about to stop.

    Raises:
        ServiceError: the host refuses the stream, or is not reached; the client has heard nothing so far.
    """
    context = request.app[CONTEXT]
    relay.sockets += 1
    try:
        async with await connected(relay, host, request) as there:
            here = web_socket(request)
            await here.prepare(request)
            try:
                code, reason = await converse(here, there, context.stop)
            except ServiceError as error:
                await refuse(here, error)
            else:
                await here.close(code=code, message=reason, drain=False)
    finally:
        relay.sockets -= 1
    return here


async def connected(relay: Relay, host: Host, request: web.Request) -> aiohttp.ClientWebSocketResponse:
    """The WebSocket that the request asks for, at another host.

    Raises:
        ServiceError: see ``relay_socket``.
    """
    try:
        async with asyncio.timeout(CONNECT_S + OPENED_S):
            return await relay.http.ws_connect(
                await relay.address(host, request),
                headers=headers_for(host, request),
                timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_S),
                heartbeat=request.app[CONTEXT].config.heartbeat_s,
                max_msg_size=2 * MAX_JPEG_BYTES,
            )
    except aiohttp.WSServerHandshakeError as error:
        if error.status == MISDIRECTED:
            raise astray(host, error.headers or {}) from error
        raise refused_by(error) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise HostUnreachable(AWAY) from error


async def converse(
    here: web.WebSocketResponse, there: aiohttp.ClientWebSocketResponse, stop: asyncio.Event
) -> Close:
    """Pass messages on until a side closes; the code to close the client's side with.

    Raises:
        HostUnreachable: the other host broke off.
        Draining: this host is about to stop.
    """
    outward = asyncio.create_task(pump(here, there))
    inward = asyncio.create_task(pump(there, here))
    stopped = asyncio.create_task(stop.wait())
    tasks: list[asyncio.Task[Any]] = [outward, inward, stopped]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if inward not in done and outward in done:
            # The other host answers once it has given the stream back; only then does the client hear so.
            code, reason = outward.result()
            code = code if code != ABNORMAL else WSCloseCode.GOING_AWAY
            inward.cancel()
            await asyncio.gather(inward, return_exceptions=True)
            await there.close(code=code, message=reason)
            return code, reason
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if inward not in done:
        raise Draining("The daemon is about to stop; try again in a moment.")
    code, reason = inward.result()
    if code == ABNORMAL:
        raise HostUnreachable(AWAY)
    return code, reason


async def pump(
    source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    target: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> Close:
    """Send what comes until the source closes; how it did."""
    with contextlib.suppress(ConnectionError):  # the target's own pump tells how that ended
        while True:
            message: WSMessage = await source.receive()
            if message.type in ENDINGS:
                closed = message.type is WSMsgType.CLOSE
                reason = (message.extra or "").encode() if closed else b""
                return (message.data if closed else source.close_code) or ABNORMAL, reason
            if message.type is WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await target.send_bytes(message.data)
    await asyncio.Event().wait()
    raise AssertionError("it is cancelled before")


def refused_by(error: aiohttp.WSServerHandshakeError) -> ServiceError:
    """The other host's refusal of a WebSocket: its code, or what its status means."""
    code = error.headers.get(REFUSED) if error.headers else None
    kind = next((each for each in BY_CODE.values() if each.status == error.status), HostUnreachable)
    return BY_CODE.get(code or "", kind)("The host that holds this session refuses the stream.")
