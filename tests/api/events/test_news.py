import asyncio

from redis.asyncio import Redis

from argusd.api.events.feeds import Feeds
from argusd.api.events.frames import EVERYTHING
from argusd.api.events.history import History
from argusd.api.events.news import News
from argusd.api.hosts.claims import Claims
from argusd.scheduler.contract import redis_keys as keys


async def store(redis: Redis, session_id: str, seq: int) -> None:
    """As another host stores an event."""
    await redis.xadd(keys.events(session_id), {"e": b"{}", "p": seq}, id=f"{seq}-0")


def make(redis: Redis) -> tuple[News, Feeds]:
    feeds = Feeds(History(redis))
    return News(redis, History(redis), feeds, Claims(redis, "here")), feeds


async def test_readers_of_another_hosts_session_wake_although_no_message_came(redis: Redis) -> None:
    news, feeds = make(redis)
    with feeds.reading("s1") as feed:
        await news.poll()
        version = feed.version
        await store(redis, "s1", 1)
        waiting = asyncio.create_task(feed.newer(version))
        await news.poll()
        await waiting
        version = feed.version
        await news.poll()
        assert feed.version == version, "nothing is new"


async def test_a_message_wakes_the_readers_of_its_sessions_and_of_all(redis: Redis) -> None:
    news, feeds = make(redis)
    with feeds.reading("s1") as one, feeds.reading("s2") as two, feeds.reading(EVERYTHING) as all_:
        news.heard(b"s1 s3")
        assert (one.version, two.version, all_.version) == (1, 0, 1)


async def test_the_stream_of_a_session_that_another_host_erased_ends(redis: Redis) -> None:
    news, feeds = make(redis)
    await redis.hset(keys.holder("s1"), mapping={"epoch": 1})  # which outlives the session
    await store(redis, "s1", 7)
    with feeds.reading("s1") as feed:
        await news.poll()
        await redis.delete(keys.events("s1"))
        await store(redis, "s1", 1)  # a later session of that id
        await news.poll()
        assert feed.over


async def test_the_stream_of_a_session_that_redis_has_lost_goes_on(redis: Redis) -> None:
    """Its host stores it anew, and tells of it behind the last seq that anybody saw."""
    news, feeds = make(redis)
    await store(redis, "s1", 7)
    with feeds.reading("s1") as feed:
        await news.poll()
        await redis.delete(keys.events("s1"))
        await news.poll()
        assert not feed.over
        await store(redis, "s1", 8)
        await news.poll()
        assert [at for at, _ in (await feed.after(7)).frames] == [8]
