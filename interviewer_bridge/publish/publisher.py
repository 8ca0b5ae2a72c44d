"""A WHIP publisher (RFC 9725): sends a source's tracks to the daemon over real WebRTC.

Importing this module loads aiortc; the rest of this folder does without.

    async with Publisher(url, "interview-7", open_file("answer.mp4"), token=token) as publisher:
        await publisher.finished()
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from ..addresses import Addresses
from ..errors import BridgeError
from ..events import follow
from .coming_back import STEADY_S, is_loss, wait_before_again, wait_before_first
from .connection import Connection
from .feed import Feed
from .media import Source
from .whip import Answer, Resource, delete, send_offer

log = logging.getLogger(__name__)

# The last packets of a track that ended are still on their way through the daemon's jitter buffer.
LINGER_SECONDS = 0.5
# For so long a session whose host is lost is published again by default, where there are several hosts.
REPUBLISH_S = 30.0
# When a daemon ends a connection in order, its event that says why comes within this.
TOLD_WITHIN_S = 5.0


class Publisher:
    """Sends a source; entering the context publishes, leaving it ends the session's media.

    A daemon that says "not now" (503 or 429 with ``Retry-After``) is asked again for ``patience_s`` seconds.
    ``events_after``: the position (as for ``subscribe``) behind which this publication's events lie.
    ``connection`` is what its media go over now; ``lost``: they are being made anew, or could not be.

    A publication that is lost, because its host or the path there is, is made anew under the same id, with
    back-off and for at most ``republish_s`` seconds; the source plays on meanwhile. Left out, that is 30 s
    where the daemon says that it is one of several hosts, and not at all where it is the only one: whoever
    publishes to a single daemon hears of the loss, as ever. A session that somebody ends or publishes
    anew is not taken back. To hear of a loss soon, the publisher follows the session's events, as its token
    has to allow; else it is noticed when ICE does, after half a minute. ``url`` may name several hosts
    (``addresses.py``).
    """

    def __init__(
        self,
        url: str,
        session_id: str,
        source: Source,
        *,
        token: str | None = None,
        patience_s: float = 30.0,
        republish_s: float | None = None,
    ) -> None:
        self._addresses = Addresses(url)
        self._session_id = session_id
        self._token = token
        self._source = source
        self._feeds = [Feed(track) for track in source.tracks]
        self.connection = Connection(self._feeds)
        self._patience_s = patience_s
        self._republish_s = republish_s
        self._over = asyncio.Event()
        self._told_lost = asyncio.Event()
        self._playing = len(source.tracks)
        self._resource: Resource | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._behind = 0
        self.events_after = ""
        self.lost = False
        for track in source.tracks:
            track.on("ended", self._track_ended)

    @property
    def comes_back(self) -> bool:
        """Whether what happens to its session is not the end: a loss would be made good, or is being so."""
        return bool(self._republish_s) and not self._over.is_set()

    async def __aenter__(self) -> Self:
        try:
            await self._publish_first()
        except BaseException:
            await self.close()
            raise
        self._keeping = asyncio.create_task(self._keep(), name="publication")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def finished(self) -> None:
        """Wait until every track has come to its end and has been sent, or it is lost for good."""
        await self._over.wait()
        await asyncio.sleep(LINGER_SECONDS)

    async def close(self) -> None:
        """Delete the WHIP resource and end the peer connection; never fails."""
        try:
            if self._keeping is not None:
                await cancel(self._keeping)
            if self._resource is not None:
                resource, self._resource = self._resource, None
                await delete(resource)
        finally:  # also for who is cancelled, because the daemon does not answer
            for track in self._source.tracks:
                track.stop()
            await asyncio.gather(self.connection.close(), *self._closing, return_exceptions=True)

    async def _publish_first(self) -> None:
        """Publish.

        Raises:
            PublishRefused: the daemon says no.
            Unreachable: nobody answers at its address.
            ConnectionNotMade: ICE or DTLS did not come up in time.
        """
        wait_before = partial(wait_before_first, hosts=len(self._addresses.all))
        answer = await self._publish_until(time.monotonic() + self._patience_s, wait_before)
        self.events_after = answer.events_after
        if self._republish_s is None:
            self._republish_s = REPUBLISH_S if answer.host else 0.0

    async def _publish_until(
        self, deadline: float, wait_before: Callable[[BridgeError, int, float], float | None]
    ) -> Answer:
        attempt = 0
        while True:
            try:
                return await self._publish()
            except BridgeError as error:
                wait_s = wait_before(error, attempt, deadline - time.monotonic())
                if wait_s is None:
                    raise
                log.warning("%s; asking again in %.1f s", str(error).rstrip("."), wait_s)
            self._addresses.turn()
            self._reconnect()
            await asyncio.sleep(wait_s)
            attempt += 1

    def _reconnect(self) -> None:
        """Have a new connection. The old one says goodbye meanwhile: unheard, that takes seconds."""
        old, self.connection = self.connection, Connection(self._feeds)
        old.stop()
        closing = asyncio.create_task(old.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _publish(self) -> Answer:
        """Offer, take the answer, and wait for the media path."""
        self._told_lost.clear()
        offer = await self.connection.offer()
        answer = await send_offer(self._addresses.current, self._session_id, offer, self._token)
        self._resource = answer.resource
        self._behind = int(answer.events_after) if answer.events_after.isdecimal() else 0
        await self.connection.accept(answer.sdp)
        return answer

    async def _keep(self) -> None:
        """Publish again whenever it is lost, until that fails."""
        watching = asyncio.create_task(self._watch()) if self._republish_s else None
        deadline = 0.0
        try:
            while True:
                began = time.monotonic()
                if not await self._lost():
                    break
                now = time.monotonic()
                if not deadline or now - began > STEADY_S:
                    deadline = now + (self._republish_s or 0.0)
                if not await self._publish_again(deadline):
                    break
        finally:
            if watching is not None:
                await cancel(watching)
            self._over.set()

    async def _lost(self) -> bool:
        """Wait for the connection's end; whether that is a loss to be made good."""
        await self.connection.over.wait()
        if not self._republish_s:
            return False
        if not self.connection.failed:
            # Ended in order: because the host stops, or because somebody wants the session's end.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told_lost.wait(), TOLD_WITHIN_S)
        return self.connection.failed or self._told_lost.is_set()

    async def _publish_again(self, deadline: float) -> bool:
        log.warning("session %s is lost and is published again", self._session_id)
        self.lost = True
        self._resource = None
        self._reconnect()
        playing = [asyncio.create_task(feed.play_unsent()) for feed in self._feeds]
        try:
            await self._publish_until(deadline, wait_before_again)
        except BridgeError as error:
            log.warning("session %s could not be published again: %s", self._session_id, error)
            return False
        finally:
            for each in playing:
                await cancel(each)
        self.lost = False
        return True

    async def _watch(self) -> None:
        """Hear of a loss from the session's events: they tell of it long before ICE does."""
        # Where the events come from, the offer goes to: that host is known to be there.
        events = follow(self._addresses, self._session_id, self._token, self.events_after)
        try:
            async with contextlib.aclosing(events):
                async for event in events:
                    if is_loss(event, self._behind):
                        self._told_lost.set()
                        self.connection.over.set()
        except BridgeError as error:
            log.info("the session's events cannot be followed (%s): a loss is noticed late", error.code)

    def _track_ended(self) -> None:
        self._playing -= 1
        if self._playing == 0:
            self._over.set()


async def cancel(task: asyncio.Task[None]) -> None:
    """End a task, and wait until it has."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
