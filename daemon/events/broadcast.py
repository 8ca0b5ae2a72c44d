"""One publishing session seen from the client: media out, findings back, until the daemon has said all."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from argusd.interviewer_bridge.events import subscribe
from argusd.interviewer_bridge.publish.media import Source
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.events import Event, Gap

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
    republish_s: float | None = None,
) -> None:
    """Publish ``source`` as a session and hand over its events as they come.

    Returns when the source has ended or ``stop`` is set, and the session's ``closed`` event has arrived.
    ``republish_s`` is the publisher's: for how long a lost session is published again.

    Raises:
        BridgeError: the daemon cannot be reached, or refuses.
        SessionLost: the session was lost before its end, and could not be published again.
    """
    async with Publisher(
        daemon.url, session_id, source, token=daemon.token, republish_s=republish_s
    ) as publisher:
        events = subscribe(daemon.url, session_id, token=daemon.token, last_event_id=publisher.events_after)
        ended = asyncio.Event()
        follower = asyncio.create_task(_follow(events, on_event, publisher, ended))
        try:
            await first_of(follower, publisher.finished(), stop.wait())
            await publisher.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(first_of(follower, ended.wait()), LAST_WORDS_SECONDS)
            if follower.done():
                follower.result()
            if publisher.lost:
                raise SessionLost("the session was lost, and could not be published again in time")
        finally:
            follower.cancel()


async def _follow(
    events: AsyncGenerator[Event | Gap, None],
    on_event: Callable[[Event | Gap], None],
    publisher: Publisher,
    ended: asyncio.Event,
) -> None:
    """Hand over the events up to the last end of the session; ``ended``: its media are over, at present."""
    async with contextlib.aclosing(events):
        async for event in events:
            on_event(event)
            if isinstance(event, Gap) or event.type != "session":
                continue
            if event.name == "connecting":
                ended.clear()
            if not event.ends_media:
                continue
            ended.set()
            if publisher.comes_back:
                continue
            if event.name == "session_lost":
                raise SessionLost("the ingest worker that held the session has ended; publish again")
            return
