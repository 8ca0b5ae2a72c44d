"""Findings out: server-sent events (WHATWG HTML, section 9.2) of one session or all.

Without ``Last-Event-ID`` (or ``?after=``) a stream begins now; with one it goes on behind that event; with 0
it begins at the oldest event that is kept, with ``?after=-50`` fifty events ago. Comments keep an idle
connection alive. A reader that does not take its events within the time allowed is disconnected and may come
back to where it was: it holds a socket's buffer and a page of events at most.
"""

import asyncio
import sys
from collections.abc import Iterable

from aiohttp import web

from argusd.scheduler.contract.events import Gap

from ..connections.client import client_of
from ..context import CONTEXT, Context
from ..http.query import parameter
from .cursor import UNKNOWN_POSITION, Asked, Cursor, parse_position
from .feeds import Feed
from .frames import EVERYTHING, frame_id, gap
from .redis_store import STORE_ERRORS

RETRY_MS = 500
NOWHERE = sys.maxsize
STORE_RETRY_S = 0.5


async def session_events(request: web.Request) -> web.StreamResponse:
    """Stream one session's events."""
    session_id = request.match_info["session_id"]
    await request.app[CONTEXT].check_known(session_id)
    return await topic_events(request, session_id)


async def all_events(request: web.Request) -> web.StreamResponse:
    """Stream the events of all sessions, in the order in which they were stored."""
    return await topic_events(request, EVERYTHING)


async def topic_events(request: web.Request, topic: str) -> web.StreamResponse:
    """Stream a topic's events to one more reader."""
    context = request.app[CONTEXT]
    context.intake.check(goes_on=True)
    asked = asked_position(request, topic)
    with context.readers.one_more(client_of(request)), context.feeds.reading(topic) as feed:
        start, opening = begin(topic, await position_of(context, topic, asked), await feed.newest())
        # Who loses the stream before its first event can come back to where it began.
        opening = f"retry: {RETRY_MS}\nid: {frame_id(topic, start)}\n\n".encode() + opening
        return await stream(request, feed, Cursor(topic, start), opening)


def asked_position(request: web.Request, topic: str) -> Asked | None:
    """Behind which event the caller wants to go on; a reconnecting browser's header goes first."""
    after = parse_position(parameter(request, "after"), topic)
    seen = parse_position(request.headers.get("Last-Event-ID"), topic)
    return after if seen is None else seen


async def position_of(context: Context, topic: str, asked: Asked | None) -> int | None:
    """The position that is asked for, in this topic; one that never was for an event that is not there."""
    if asked is None or topic != EVERYTHING or not asked.session_id:
        return asked and asked.number
    return await context.history.position_of(*asked) or NOWHERE


def begin(topic: str, asked: int | None, newest: int) -> tuple[int, bytes]:
    """The position to begin at, and what to say first: a gap if there never was such a position."""
    if asked is None:
        return newest, b""
    if asked < 0:
        return max(0, newest + asked), b""
    if asked > newest:
        return 0, gap(frame_id(topic, 0), Gap(reason=UNKNOWN_POSITION))
    return asked, b""


async def stream(request: web.Request, feed: Feed, cursor: Cursor, opening: bytes) -> web.StreamResponse:
    """Write the cursor's frames as they come, until the caller leaves, lags, or there is nothing more."""
    context = request.app[CONTEXT]
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    pieces: Iterable[bytes] | None = [opening]
    try:
        await response.prepare(request)
        while pieces is not None:
            for piece in pieces:
                async with asyncio.timeout(context.config.slow_consumer_s):
                    await response.write(piece)
            pieces = await next_pieces(context, feed, cursor)
    except ConnectionError:
        pass  # the reader has left
    except TimeoutError:
        context.readers.cut_off += 1
        if request.transport is not None:
            request.transport.abort()
    return response


async def next_pieces(context: Context, feed: Feed, cursor: Cursor) -> Iterable[bytes] | None:
    """What comes next: events, or after an idle while a comment; None if nothing will."""
    if feed.over:
        return None
    version, ends = feed.version, context.told.is_set()
    try:
        async with asyncio.timeout(context.config.heartbeat_s):
            page = await feed.after(cursor.position)
            if page.end == cursor.position:
                if ends:
                    return None
                await feed.newer(version)
        return cursor.take(page)
    except TimeoutError:
        return [b": heartbeat\n\n"]
    except STORE_ERRORS:
        if ends:
            return None
        await asyncio.sleep(STORE_RETRY_S)
        return [b": the event store does not answer\n\n"]
