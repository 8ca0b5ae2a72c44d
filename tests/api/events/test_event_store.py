"""What lies in Redis after each entry, against a real one."""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis

from argusd.api.config import ApiConfig
from argusd.api.events.event_store import WALL_CLOCK_LEAP_S, EventStore, last_number
from argusd.api.events.frames import EVERYTHING
from argusd.api.events.history import History
from argusd.api.events.log_entries import Append, EndLeftOpen, Erase, Forget, Keep, LogEntry, Skip
from argusd.api.sessions.session import Media
from argusd.api.store.unreadable import Unreadable
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.results import Violation

from ..fixtures import make_config

BOOT = "boot-1"
MEDIA = Media("live", "ingest-0", "secret", "ufrag", ("video",), 1.0)


@pytest.fixture
def config(tmp_path: Path) -> ApiConfig:
    return make_config(tmp_path, events_per_session=100, events_overall=1000, retention_s=600)


@pytest.fixture
def store(redis: Redis, config: ApiConfig) -> EventStore:
    return EventStore(config, Unreadable(redis, 600))


def observation(session_id: str = "s1", **changes: Any) -> Event:
    given = {"type": "observation", "stream": "face", "name": "face", "state": "update", "data": {}}
    return Event(session_id=session_id, captured_at=1.0, **(given | changes))


def violation(state: str, media_s: float, **changes: Any) -> Event:
    data = {"media_s": media_s, "start_s": media_s}
    return observation(**({"type": "violation", "name": "phone", "state": state, "data": data} | changes))


async def write(redis: Redis, store: EventStore, *entries: LogEntry) -> list[bool]:
    """One transaction, as the event log writes it; which entries were new."""
    origins, sessions = {each.origin for each in entries}, {each.session_id for each in entries}
    await store.load(redis, origins, sessions)
    pipe = store.transaction(redis)
    new = [store.stage(pipe, entry) for entry in entries]
    store.stage_ends(pipe, origins)
    store.stored(sessions, (await pipe.execute()).place)
    return new


def found(*events: Event, first: int = 1, origin: str = BOOT) -> list[LogEntry]:
    return [LogEntry(origin, first + n, event.session_id, Append(event)) for n, event in enumerate(events)]


async def stored(redis: Redis, session_id: str = "s1") -> list[Event]:
    page = await History(redis).page(session_id, 0)
    return [msgspec.json.decode(frame.splitlines()[1][6:], type=Event) for _, frame in page.frames]


async def counts(redis: Redis) -> Violation:
    return (await History(redis).results("s1")).violations["phone"]


async def test_events_are_numbered_within_their_session_and_in_all(redis: Redis, store: EventStore) -> None:
    events = [observation("s1"), observation("s2"), observation("s1")]
    assert await write(redis, store, *found(*events)) == [True, True, True]
    assert [(event.id, event.seq) for event in await stored(redis, "s1")] == [("s1:1", 1), ("s1:2", 2)]
    assert [event.id for event in await stored(redis, "s2")] == ["s2:1"]
    assert [position for position, _ in (await History(redis).page(EVERYTHING, 0)).frames] == [1, 2, 3]


async def test_what_was_stored_before_is_passed_over_also_by_a_store_that_begins(
    redis: Redis, store: EventStore, config: ApiConfig
) -> None:
    entries = found(observation(), observation())
    await write(redis, store, *entries)
    assert await write(redis, store, *entries, *found(observation(), first=3)) == [False, False, True]
    later = EventStore(config, Unreadable(redis, 600))
    assert await write(redis, later, *found(*[observation()] * 4)) == [False, False, False, True]
    assert [event.seq for event in await stored(redis)] == [1, 2, 3, 4]
    assert later.position(BOOT) == 4


async def test_after_a_failed_write_everything_is_read_anew(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(observation()))
    await store.load(redis, [BOOT], ["s1"])
    store.stage(store.transaction(redis), found(observation(), first=2)[0])  # and never executed
    store.forget()
    assert await write(redis, store, *found(observation(), first=2)) == [True]
    assert [event.seq for event in await stored(redis)] == [1, 2]


async def test_a_hole_is_left_where_events_were_lost(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(observation()))
    store.skip(store.transaction(redis), "s1", 3)
    await write(redis, store, *found(observation(), first=5))
    assert [event.seq for event in await stored(redis)] == [1, 5]
    assert await History(redis).newest(EVERYTHING) == 5


async def test_no_place_comes_again_that_readers_may_know(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(observation(), observation()))
    await redis.delete(keys.ALL_EVENTS)
    store.forget()
    await write(redis, store, *found(observation(), first=3))
    assert await History(redis).newest(EVERYTHING) == 3


async def test_violations_are_counted_as_they_end(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(violation("start", 2.0), violation("update", 4.0)))
    assert await counts(redis) == Violation(1, 0.0, 2.0, 1.0)
    ended = violation("end", 5.0, data={"media_s": 5.5, "duration_s": 3.0})
    await write(redis, store, *found(ended, violation("start", 9.0), first=3))
    assert await counts(redis) == Violation(2, 3.0, 9.0, 1.0)


async def test_a_start_whose_end_was_lost_is_ended_before_it_starts_again(
    redis: Redis, store: EventStore
) -> None:
    await write(redis, store, *found(violation("start", 2.0), violation("start", 9.0)))
    assert [event.state for event in await stored(redis)] == ["start", "end", "start"]
    assert (await counts(redis)).count == 2


async def test_what_goes_on_is_remembered_until_it_ends(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(violation("start", 2.0), observation()))
    assert list(await cast(Any, redis.hkeys(keys.open_violations("s1")))) == [b"face:phone"]
    await write(redis, store, *found(violation("end", 3.0), first=3))
    assert await cast(Any, redis.hkeys(keys.open_violations("s1"))) == []


async def test_what_has_ended_is_not_ended_again(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(violation("start", 2.0), violation("end", 3.0)))
    await write(redis, store, LogEntry("api", 1, "s1", EndLeftOpen({})))
    await write(redis, store, *found(violation("start", 9.0), first=3))
    assert [event.state for event in await stored(redis)] == ["start", "end", "start"]


async def test_what_a_scheduler_that_is_no_more_left_open_is_ended(redis: Redis, store: EventStore) -> None:
    await write(
        redis, store, LogEntry(BOOT, 1, "s1", Append(violation("start", 2.0), scheduler="scheduler-0"))
    )
    await write(redis, store, LogEntry("api", 1, "s1", EndLeftOpen({"scheduler-0": BOOT})))
    assert [event.state for event in await stored(redis)] == ["start"]
    await write(redis, store, LogEntry("api", 2, "s1", EndLeftOpen({"scheduler-0": "boot-2"})))
    assert [event.state for event in await stored(redis)] == ["start", "end"]


async def test_where_the_media_is_may_be_stored_without_an_event(redis: Redis, store: EventStore) -> None:
    await write(redis, store, LogEntry("api", 1, "s1", Keep(MEDIA)))
    raw = await cast(Any, redis.hget(keys.record("s1"), "media"))
    assert msgspec.json.decode(raw, type=Media) == MEDIA
    assert await stored(redis) == []


async def test_an_entry_may_only_mark_itself_as_seen(redis: Redis, store: EventStore) -> None:
    assert await write(redis, store, LogEntry(BOOT, 7, "gone", Skip())) == [True]
    assert (store.position(BOOT), await stored(redis, "gone")) == (7, [])


async def test_where_the_media_is_is_stored_with_its_event(redis: Redis, store: EventStore) -> None:
    await write(redis, store, LogEntry("api", 1, "s1", Append(observation(), MEDIA)))
    raw = await cast(Any, redis.hget(keys.record("s1"), "media"))
    assert msgspec.json.decode(raw, type=Media) == MEDIA


async def test_an_erased_session_begins_again_at_one(redis: Redis, store: EventStore) -> None:
    await write(redis, store, *found(violation("start", 2.0)))
    await write(redis, store, LogEntry("api", 1, "s1", Append(observation(), MEDIA)))
    await write(redis, store, LogEntry("api", 2, "s1", Erase()))
    stored_of_it = (keys.events("s1"), keys.results("s1"), keys.open_violations("s1"), keys.record("s1"))
    assert await redis.exists(*stored_of_it) == 0
    store.forget_session("s1")
    await write(redis, store, *found(observation(), first=2))
    assert [event.seq for event in await stored(redis)] == [1]


async def test_results_of_streams_that_nobody_watches_are_forgotten(redis: Redis, store: EventStore) -> None:
    for name in ("face", "video", "audio"):
        await cast(Any, redis.hset(keys.results("s1"), f"latest:{name}", "{}"))
    await write(redis, store, LogEntry("api", 1, "s1", Forget(("face", "video"))))
    assert await cast(Any, redis.hkeys(keys.results("s1"))) == [b"latest:audio"]


async def test_what_is_stored_of_a_session_outlives_its_retention_though_the_wall_clock_leaps(
    redis: Redis, store: EventStore, config: ApiConfig
) -> None:
    await write(redis, store, *found(violation("start", 2.0)))
    kept = (keys.events("s1"), keys.results("s1"), keys.open_violations("s1"), keys.position(BOOT))
    assert [await redis.ttl(key) for key in kept] == [config.retention_s + WALL_CLOCK_LEAP_S] * 4


def test_the_last_number_of_an_empty_log_is_none() -> None:
    assert last_number([]) == 0
    assert last_number([(b"12-0", {})]) == 12
