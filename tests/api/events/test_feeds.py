"""What many readers follow is read from Redis once."""

import asyncio
import contextlib
import gc

import pytest
from redis.asyncio import Redis

from argusd.api.events.feeds import Feed, Feeds
from argusd.api.events.frames import EVERYTHING, Page, frame
from argusd.api.events.history import PAGE, History
from argusd.scheduler.contract import redis_keys as keys


class CountedHistory(History):
    """Counts what is read; answers while ``open``. ``read`` is set when Redis has answered."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.reads = 0
        self.read = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def newest(self, topic: str) -> int:
        self.reads += 1
        return await super().newest(topic)

    async def page(self, topic: str, after: int) -> Page:
        self.reads += 1
        page = await super().page(topic, after)
        self.read.set()
        await self.open.wait()
        return page


@pytest.fixture
def history(redis: Redis) -> CountedHistory:
    return CountedHistory(redis)


async def store(redis: Redis, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        await redis.xadd(keys.events("s1"), {"e": str(seq)}, id=f"{seq}-0")
        await redis.xadd(keys.ALL_EVENTS, {"s": "s1", "q": seq}, id=f"{seq}-0")


async def follow(feed: Feed, last: int) -> list[int]:
    """The positions up to the last, as one reader gets them."""
    position, seen = 0, []
    while position < last:
        version = feed.version
        page = await feed.after(position)
        seen += [at for at, _ in page.frames if at > position]
        position = page.end
        if position < last and not page.frames:
            await feed.newer(version)
    return seen


@pytest.mark.parametrize(("kept", "goes_on_behind"), [(0, 0), (6, 6)])
async def test_a_reader_of_all_events_whose_place_is_lost_goes_on_behind_what_it_had_that_is_there(
    redis: Redis, history: CountedHistory, kept: int, goes_on_behind: int
) -> None:
    """As after a failover to a replica that had heard of the first six, or of nothing at all."""
    await store(redis, 1, 10)
    with Feeds(history).reading(EVERYTHING) as feed:
        assert (await feed.after(0)).end == 10
        await redis.delete(keys.ALL_EVENTS, keys.events("s1"))
        await store(redis, 1, kept)
        await redis.xadd(keys.events("s2"), {"e": '"another"'}, id="1-0")
        await redis.xadd(keys.ALL_EVENTS, {"s": "s2", "q": 1}, id=f"{kept + 1}-0")
        feed.notify()
        assert await feed.after(10) == Page(10, goes_on_behind, [])
        assert [at for at, _ in (await feed.after(goes_on_behind)).frames] == [kept + 1]


async def test_a_reader_of_all_events_waits_while_there_are_none(
    redis: Redis, history: CountedHistory
) -> None:
    """Whoever writes next goes on behind what was told."""
    await store(redis, 1, 3)
    with Feeds(history).reading(EVERYTHING) as feed:
        await feed.after(0)
        await redis.delete(keys.ALL_EVENTS, keys.events("s1"))
        feed.notify()
        assert await feed.after(3) == Page(3, 3, [])


async def test_readers_that_are_woken_one_after_the_other_share_their_reads(
    redis: Redis, history: CountedHistory
) -> None:
    feeds = Feeds(history)
    with feeds.reading("s1") as feed:
        for seq in range(1, 6):
            readers = [asyncio.create_task(follow(feed, seq)) for _ in range(200)]
            await store(redis, seq, seq)
            feeds.stored(["s1"])
            await asyncio.gather(*readers)
            before = history.reads
            ends = [await feed.after(seq) for _ in range(3)]
            assert ends == [Page(seq, seq, [])] * 3
            assert history.reads == before + 1


@pytest.mark.parametrize("topic", ["s1", EVERYTHING])
async def test_a_hundred_readers_cost_as_many_reads_as_one(
    redis: Redis, history: CountedHistory, topic: str
) -> None:
    feeds = Feeds(history)
    with feeds.reading(topic) as feed:
        readers = [asyncio.create_task(follow(feed, 5)) for _ in range(100)]
        for seq in range(1, 6):
            await store(redis, seq, seq)
            feeds.stored(["s1"])
        assert await asyncio.gather(*readers) == [[1, 2, 3, 4, 5]] * 100
        assert [await feed.newest() for _ in range(3)] == [5, 5, 5]
        assert history.reads <= 6 + 6 + 3  # of each event once, and once when there was none


async def test_a_read_that_began_before_the_news_is_not_shared_after_them(
    redis: Redis, history: CountedHistory
) -> None:
    feeds = Feeds(history)
    with feeds.reading("s1") as feed:
        history.open.clear()
        early = asyncio.create_task(feed.after(0))
        await history.read.wait()
        await store(redis, 1, 1)
        feeds.stored(["s1"])
        late = asyncio.create_task(feed.after(0))
        await asyncio.sleep(0)
        history.open.set()
        assert (await early).end == 0
        assert await late == Page(0, 1, [(1, frame("s1:1", b"1"))])


async def test_who_is_behind_reads_alone_and_catches_up(redis: Redis, history: CountedHistory) -> None:
    await store(redis, 1, 3 * PAGE)
    feeds = Feeds(history)
    with feeds.reading("s1") as feed:
        assert (await feed.after(3 * PAGE - 1)).end == 3 * PAGE
        assert await follow(feed, 3 * PAGE) == list(range(1, 3 * PAGE + 1))
        reads = history.reads
        assert (await feed.after(3 * PAGE - 1)).end == 3 * PAGE  # the newest are still remembered
        assert history.reads == reads


async def test_an_erased_session_ends_its_feed_and_a_later_one_begins_anew(
    redis: Redis, history: CountedHistory
) -> None:
    feeds = Feeds(history)
    await store(redis, 1, 2)
    with feeds.reading("s1") as feed:
        assert (await feed.after(0)).end == 2
        version = feed.version
        await redis.delete(keys.events("s1"))
        feeds.erased("s1")
        await feed.newer(version)
        assert feed.over
        with feeds.reading("s1") as later:
            assert await later.after(0) == Page(0, 0, [])
            assert not later.over


async def test_a_read_that_fails_is_told_to_its_readers_and_the_next_one_is_made(redis: Redis) -> None:
    class Failing(History):
        failures = 1

        async def page(self, topic: str, after: int) -> Page:
            if self.failures:
                self.failures -= 1
                raise ConnectionError
            return await super().page(topic, after)

    await store(redis, 1, 1)
    with Feeds(Failing(redis)).reading("s1") as feed:
        asked = await asyncio.gather(feed.after(0), feed.after(0), return_exceptions=True)
        assert [type(each) for each in asked] == [ConnectionError, ConnectionError]
        assert (await feed.after(0)).end == 1


async def test_what_a_reader_that_leaves_has_begun_to_read_is_awaited_at_the_end(redis: Redis) -> None:
    may_read = asyncio.Event()

    class Slow(History):
        async def page(self, topic: str, after: int) -> Page:
            await may_read.wait()
            return await super().page(topic, after)

    feeds = Feeds(Slow(redis))
    with feeds.reading("s1") as feed, contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await feed.after(0)
    end = asyncio.create_task(feeds.settle())
    assert await asyncio.wait([end], timeout=0.01) == (set(), {end})
    may_read.set()
    await end


def held_futures() -> int:
    """Futures that are over and that somebody keeps."""
    # By type: to ask some objects for their class warns.
    return sum(issubclass(type(each), asyncio.Future) and each.done() for each in gc.get_objects())


async def test_a_reader_that_looks_up_now_and_then_leaves_nothing_behind(history: CountedHistory) -> None:
    with Feeds(history).reading("s1") as feed:
        before = held_futures()
        for _ in range(100):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await feed.newer(feed.version)
        gc.collect()
        assert held_futures() < before + 50
