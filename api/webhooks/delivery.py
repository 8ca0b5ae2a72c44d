"""Posting events to one webhook. The event log is the queue, a place in it all that is remembered.

::

    event log ──page──▶ messages ──round──▶ receiver
        ▲                                      │
        └──────── place, in Redis ◀── taken ───┘   else: wait, longer each time, and read again

Messages of one session are posted in order, those of several sessions beside each other. A message is posted
again after a restart if its answer was not seen: each comes at least once. While the receiver is away
nothing is held here, so what is erased meanwhile is never posted; what the event log no longer keeps when the
receiver is back is told as a gap.
"""

import asyncio
import contextlib
import logging
import random
import time

import aiohttp

from ..events.feeds import Feed, Feeds
from ..events.frames import EVERYTHING
from ..events.history import History
from ..events.redis_store import STORE_ERRORS
from .attempts import Outcome, pause_s
from .config import WebhookConfig
from .messages import messages
from .places import RENEW_EVERY_S, Place
from .receiver import Receiver, connection

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
FAR = 1000  # events that nobody is to get: the place is stored then, for each time costs the disk a write


class Delivery:
    """One webhook's. ``here``: whether it is this host that posts.

    ``failing_since`` (monotonic), ``reason``: since when and why the receiver takes nothing. ``behind``: how
    many events come before the newest one.
    """

    def __init__(
        self, config: WebhookConfig, receiver: Receiver, place: Place, feeds: Feeds, history: History
    ) -> None:
        self.config = config
        self.receiver = receiver
        self._stored = place
        self._feeds = feeds
        self._history = history
        self.failing_since: float | None = None
        self.reason = ""
        self.here = False
        self.behind = 0
        self._place = 0
        self._failures = 0

    async def run(self) -> None:
        """Post whenever the lease can be had, until cancelled."""
        async with connection() as http:
            while True:
                try:
                    if await self._stored.take():
                        await self._hold(http)
                except STORE_ERRORS as error:
                    log.info("the webhook %s waits for Redis: %s", self.config.name, type(error).__name__)
                await asyncio.sleep(LOOK_EVERY_S)

    async def _hold(self, http: aiohttp.ClientSession) -> None:
        """Post for as long as the lease is renewed."""
        self.here = True
        with self._feeds.reading(EVERYTHING) as feed:
            posting = asyncio.create_task(self._follow(feed, http))
            try:
                while not posting.done() and await self._stored.take():
                    self.behind = max(0, await self._history.newest(EVERYTHING) - self._place)
                    await asyncio.wait([posting], timeout=RENEW_EVERY_S)
                if posting.done():
                    posting.result()
            finally:
                self.here = False
                posting.cancel()
                await asyncio.gather(posting, return_exceptions=True)
                with contextlib.suppress(*STORE_ERRORS):
                    await self._stored.give()

    async def _follow(self, feed: Feed, http: aiohttp.ClientSession) -> None:
        """Post page after page, until the lease is lost."""
        stored = self._place = await self._begin()
        here = await self._stored.move(stored)
        while here:
            version = feed.version
            page = await self._history.page(EVERYTHING, self._place)  # the feed may remember what is erased
            if page.end == self._place:
                followed = await feed.after(self._place)
                if followed.end < self._place:  # the log is lost
                    self._place = followed.end
                else:  # nothing is there, or what the feed remembers is erased
                    await feed.newer(version)
                continue
            found = list(messages(self.config, page, self._place))
            due = [each for each in found if each.message_id not in self.receiver.taken]
            if wrong := await self.receiver.round(due, http):
                left = next(each for each in due if each.message_id not in self.receiver.taken)
                self._place = max(self._place, left.position - 1)
            else:
                self._place = page.end
                self.receiver.forget()
            if due or self._place - stored >= FAR:
                stored, here = self._place, await self._stored.move(self._place)
            await self._went(wrong)

    async def _begin(self) -> int:
        """Where to go on: a new webhook begins now, one whose place is lost where it was. A place beyond the
        newest event is that of a lost log.
        """
        place, newest = await self._stored.read(), await self._history.newest(EVERYTHING)
        if place is None:
            place = self._place or newest
        return 0 if 0 < newest < place else place

    async def _went(self, wrong: Outcome | None) -> None:
        """Note how a round went, and wait before the next one where something was wrong."""
        if wrong is None:
            self.failing_since, self.reason, self._failures = None, "", 0
            return
        if self.failing_since is None:
            self.failing_since = time.monotonic()
            log.warning("the webhook %s does not take events: %s", self.config.name, wrong.reason)
        self._failures, self.reason = self._failures + 1, wrong.reason
        await asyncio.sleep(max(wrong.wait_s, pause_s(self._failures, random.random())))  # noqa: S311
