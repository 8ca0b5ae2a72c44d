"""Events, read from Redis once for all who follow the same session, or all sessions.

::

    event log ──news──▶ Feed of a topic ──pages──▶ reader, reader, reader …
                           │       ▲
                           ▼       │ one read for all who ask meanwhile
                             Redis

A feed lives while it has readers. It remembers one page, the newest that it has read, which serves all who
keep up. Those who are further behind read their own, and share it with whoever is at the same place.

Readers are woken some at a time: between them the event log, and everything else in this process, has its
turns.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

from .frames import EVERYTHING, Page
from .history import PAGE, History

WOKEN_AT_A_TIME = 4
NEWEST = -1  # where the question for the newest position stands among the reads; no position is negative


class Feed:
    """One topic's events.

    ``version`` counts how often there was news: more events, or that it is ``over`` (the session was erased).
    """

    def __init__(self, history: History, topic: str, under_way: set[asyncio.Future[Page]]) -> None:
        self._history = history
        self._topic = topic
        self._under_way = under_way
        self._recent = Page(0, 0, [])
        self._end: int | None = None  # where a read of this version has found nothing more
        self._reads: dict[int, asyncio.Future[Page]] = {}
        self._waiting: dict[asyncio.Future[None], None] = {}  # in the order they came; one for each reader
        self._waking: deque[asyncio.Future[None]] = deque()
        self.readers = 0
        self.version = 0
        self.over = False

    def notify(self) -> None:
        """Wake all readers: there are more events, or everything ends."""
        self.version += 1
        self._end = None
        self._reads = {}  # one that is under way may be too early for what is new
        if not self._waking and self._waiting:
            asyncio.get_running_loop().call_soon(self._wake)
        self._waking += self._waiting
        self._waiting = {}

    async def newer(self, version: int) -> None:
        """Return when there is other news than this."""
        if version != self.version:
            return
        news = asyncio.get_running_loop().create_future()
        self._waiting[news] = None
        try:
            await news
        finally:
            self._waiting.pop(news, None)  # a reader that looks up in between leaves none behind

    def _wake(self) -> None:
        for _ in range(min(WOKEN_AT_A_TIME, len(self._waking))):
            if not (reader := self._waking.popleft()).done():  # else it has left
                reader.set_result(None)
        if self._waking:
            asyncio.get_running_loop().call_soon(self._wake)

    async def newest(self) -> int:
        """The position of the newest event."""
        return (await self._shared(NEWEST, self._read_newest)).end

    async def after(self, position: int) -> Page:
        """A page in which the events beyond the position are; one that ends there if there are none.

        It ends before the position where the log has lost that: behind the newest event that was read and is
        there still, if any is. To miss nothing, note the ``version`` before you ask.
        """
        if self._recent.begin <= position < self._recent.end:
            return self._recent
        if self._end is not None and position >= self._end:
            return Page(position, position, [])
        return await self._shared(position, partial(self._read, position))

    async def _read(self, position: int) -> Page:
        page = await self._history.page(self._topic, position)
        if page.frames or page.end > position or self._topic != EVERYTHING:
            return page  # a session's events go on behind what was told of it, whatever is lost
        if not 0 < await self._history.newest(EVERYTHING) < position:
            return page
        again = await self._history.page(EVERYTHING, self._recent.begin)
        still_there = {at for at, _ in {*again.frames} & {*self._recent.frames}}
        return Page(position, max(still_there, default=0), [])

    async def _read_newest(self) -> Page:
        newest = await self._history.newest(self._topic)
        return Page(newest, newest, [])

    async def _shared(self, place: int, read: Callable[[], Awaitable[Page]]) -> Page:
        """What the read answers, or the same one under way. A reader that leaves ends it for nobody."""
        task = self._reads.get(place)
        if task is None:
            task = self._reads[place] = asyncio.ensure_future(read())
            task.add_done_callback(lambda task: self._done(place, task))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    def _done(self, place: int, task: asyncio.Future[Page]) -> None:
        timely = self._reads.get(place) is task
        if timely:
            del self._reads[place]
        if task.cancelled() or task.exception() is not None:
            return
        page = task.result()
        self._keep(page)
        if timely and page.begin == page.end:
            self._end = page.end

    def _keep(self, page: Page) -> None:
        """Remember the newest page's worth of what was read in one piece, and nothing that was lost."""
        recent = self._recent
        if page.end < page.begin:
            kept = [each for each in recent.frames if each[0] <= page.end]
            self._recent = Page(min(recent.begin, page.end), page.end, kept)
            return
        if page.end <= recent.end:
            return
        if page.begin > recent.end:
            self._recent = page
            return
        frames = recent.frames + [each for each in page.frames if each[0] > recent.end]
        begin = frames[-PAGE - 1][0] if len(frames) > PAGE else recent.begin
        self._recent = Page(begin, page.end, frames[-PAGE:])


class Feeds:
    """All feeds that have a reader."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._feeds: dict[str, Feed] = {}
        self._under_way: set[asyncio.Future[Page]] = set()  # reads, also those whose readers have left

    @contextlib.contextmanager
    def reading(self, topic: str) -> Iterator[Feed]:
        """The topic's feed, for one more reader and as long as that reads."""
        feed = self._feeds.setdefault(topic, Feed(self._history, topic, self._under_way))
        feed.readers += 1
        try:
            yield feed
        finally:
            feed.readers -= 1
            if not feed.readers and self._feeds.get(topic) is feed:
                del self._feeds[topic]

    @property
    def topics(self) -> list[str]:
        """The topics that have a reader."""
        return list(self._feeds)

    def stored(self, session_ids: Iterable[str]) -> None:
        """Events of these sessions were stored."""
        for topic in (*session_ids, EVERYTHING):
            self.told(topic)

    def told(self, topic: str) -> None:
        """There are more events of this topic."""
        if feed := self._feeds.get(topic):
            feed.notify()

    def erased(self, session_id: str) -> None:
        """End the session's feed: what it remembers goes, and a later session of that id begins anew."""
        if feed := self._feeds.pop(session_id, None):
            feed.over = True
            feed.notify()

    def wake_all(self) -> None:
        """Wake all readers, because the process is about to end."""
        for feed in self._feeds.values():
            feed.notify()

    async def settle(self) -> None:
        """Return once nothing is read any more, when all readers have left: Redis may be closed then."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
