"""One publishing session seen from the client: media out, findings back, until the daemon has said all."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from argusd.interviewer_bridge.events import Gap, subscribe
from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event

from ..errors import SessionLost
from ..options import Endpoint
from .first import first_of

# After the media's end the daemon closes the session; its last findings come before that event.
LAST_WORDS_SECONDS = 10.0


async def broadcast(
    daemon: Endpoint,
    session_id: str,
    source: Source,
    on_event: Callable[[Event | Gap], None],
    stop: asyncio.Event,
) -> None:
    """Publish ``source`` as a session and hand over its events as they come.

    Returns when the source has ended or ``stop`` is set, and the session's ``closed`` event has arrived.

    Raises:
        BridgeError: the daemon cannot be reached, or refuses.
        SessionLost: the daemon lost the session before its end.
    """
    async with Publisher(daemon.url, session_id, source, token=daemon.token) as publisher:
        events = subscribe(daemon.url, session_id, token=daemon.token, last_event_id=publisher.events_after)
        follower = asyncio.create_task(_follow(events, on_event))
        try:
            await first_of(follower, publisher.finished(), stop.wait())
            await publisher.close()
            await asyncio.wait([follower], timeout=LAST_WORDS_SECONDS)
            if follower.done():
                follower.result()
        finally:
            follower.cancel()


async def _follow(events: AsyncGenerator[Event | Gap, None], on_event: Callable[[Event | Gap], None]) -> None:
    async with contextlib.aclosing(events):
        async for event in events:
            on_event(event)
            if isinstance(event, Gap) or event.type != "session":
                continue
            if event.name == "session_lost":
                raise SessionLost("the ingest worker that held the session has ended; publish again")
            if event.name == "closed":
                return
