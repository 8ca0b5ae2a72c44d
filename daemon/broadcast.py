"""One publishing session seen from the client: media out, findings back, until the daemon has said all."""

import asyncio
import contextlib
from collections.abc import Callable

from argusd.interviewer_bridge.events import Event, subscribe
from argusd.interviewer_bridge.media import Source
from argusd.interviewer_bridge.publisher import Publisher
from argusd.interviewer_bridge.sessions import ensure_session

from .first import first_of
from .options import Endpoint

# After the media's end the daemon closes the session; its last findings come before that event.
LAST_WORDS_SECONDS = 10.0
ENDINGS = ("closed", "session_lost")


async def broadcast(
    daemon: Endpoint, session_id: str, source: Source, on_event: Callable[[Event], None], stop: asyncio.Event
) -> None:
    """Publish ``source`` as a session and hand over its events as they come.

    Returns when the source has ended or ``stop`` is set, and the session's ``closed`` event has arrived.

    Raises:
        BridgeError: the daemon cannot be reached, or refuses.
    """
    await ensure_session(daemon.url, session_id, token=daemon.token)
    listening = asyncio.Event()
    follower = asyncio.create_task(_follow(daemon, session_id, on_event, listening))
    try:
        # Listen first: events begin with the offer.
        await first_of(follower, listening.wait())
        if not follower.done():
            async with Publisher(daemon.url, session_id, source, token=daemon.token) as publisher:
                await first_of(follower, publisher.finished(), stop.wait())
        await asyncio.wait([follower], timeout=LAST_WORDS_SECONDS)
        if follower.done():
            follower.result()
    finally:
        follower.cancel()


async def _follow(
    daemon: Endpoint, session_id: str, on_event: Callable[[Event], None], listening: asyncio.Event
) -> None:
    events = subscribe(daemon.url, session_id, token=daemon.token, connected=listening)
    async with contextlib.aclosing(events):
        async for event in events:
            on_event(event)
            if event.type == "session" and event.name in ENDINGS:
                return
