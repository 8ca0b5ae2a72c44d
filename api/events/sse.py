"""Findings out: server-sent events (WHATWG HTML, section 9.2) of one session or all.

Without ``Last-Event-ID`` (or ``?after=``) a stream begins now; with one it goes on behind that event; with 0
it begins at the oldest event that is kept, with ``?after=-50`` fifty events ago. Comments keep an idle
connection alive. A reader that does not take its events within the time allowed is disconnected and may come
back to where it was: it holds a socket's buffer and a page of events at most.
"""

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from ..context import CONTEXT, Context
from ..http.query import parameter
from .cursor import Cursor, OverallCursor, SessionCursor, gap, parse_position
from .notifier import EVERYTHING
from .redis_store import STORE_ERRORS

RETRY_MS = 500
STORE_RETRY_S = 0.5


async def session_events(request: web.Request) -> web.StreamResponse:
    """Stream one session's events."""
    context = request.app[CONTEXT]
    context.check_accepting()
    session_id = context.registry.get(request.match_info["session_id"]).session_id
    newest = await context.history.last_seq(session_id)
    start, opening = begin(asked_position(request), newest)
    cursor = SessionCursor(context.history, session_id, start)
    return await stream(request, cursor, session_id, opening, lambda: session_id in context.registry)


async def all_events(request: web.Request) -> web.StreamResponse:
    """Stream the events of all sessions, in the order in which they were stored."""
    context = request.app[CONTEXT]
    context.check_accepting()
    newest = await context.history.last_position()
    start, opening = begin(asked_position(request), newest)
    cursor = OverallCursor(context.history, start)
    return await stream(request, cursor, EVERYTHING, opening, lambda: True)


def asked_position(request: web.Request) -> int | None:
    """Behind which event the caller wants to go on; a reconnecting browser's header goes first."""
    return parse_position(request.headers.get("Last-Event-ID") or parameter(request, "after"))


def begin(asked: int | None, newest: int) -> tuple[int, bytes]:
    """The position to begin at, and what to say first: a gap if there never was such a position."""
    if asked is None:
        return newest, b""
    if asked < 0:
        return max(0, newest + asked), b""
    if asked > newest:
        return 0, gap("0", reason="unknown_position")
    return asked, b""


async def stream(
    request: web.Request, cursor: Cursor, topic: str, opening: bytes, goes_on: Callable[[], bool]
) -> web.StreamResponse:
    """Write the cursor's frames as they come, until the caller leaves, lags, or there is nothing more."""
    context = request.app[CONTEXT]
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    frames = f"retry: {RETRY_MS}\n\n".encode() + opening
    try:
        with context.notifier.listen(topic) as notifier, context.readers.one_more():
            while not context.stop.is_set() and goes_on():
                if frames:
                    async with asyncio.timeout(context.config.slow_consumer_s):
                        await response.write(frames)
                frames = await next_frames(context, cursor, notifier)
    except ConnectionError:
        pass  # the reader has left
    except TimeoutError:
        context.readers.cut_off += 1
        if request.transport is not None:
            request.transport.abort()
    return response


async def next_frames(context: Context, cursor: Cursor, notifier: asyncio.Event) -> bytes:
    """What comes next: events, or after an idle while a comment."""
    notifier.clear()
    try:
        if frames := await cursor.read():
            return frames
    except STORE_ERRORS:
        await asyncio.sleep(STORE_RETRY_S)
        return b": the event store does not answer\n\n"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(context.config.heartbeat_s):
            await notifier.wait()
        return b""
    return b": heartbeat\n\n"
