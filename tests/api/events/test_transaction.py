"""Several hosts write into one Redis: each event once, and nothing into what another host holds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from argusd.api.events.event_log import EventLog
from argusd.api.events.feeds import Feeds
from argusd.api.events.frames import EVERYTHING
from argusd.api.events.history import History
from argusd.api.hosts import claims
from argusd.api.hosts.claims import Claim, Claims
from argusd.api.store.unreadable import Unreadable
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import HeldElsewhere
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest

from ...shared_redis import connected, shared_redis
from ...waiting import until
from ..fakes import make_finding
from ..fixtures import make_config


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    with shared_redis() as url:
        async with connected(url) as redis:
            yield redis


class Writer:
    """A host's claims and event log."""

    def __init__(self, redis: Redis, host_id: str, folder: Any, **settings: Any) -> None:
        self.claims = Claims(redis, host_id)
        self.let_go: list[str] = []
        config = make_config(folder, **{"events_per_session": 20_000, **settings})
        feeds, unreadable = Feeds(History(redis)), Unreadable(redis, 600)
        self.log = EventLog(redis, config, feeds, f"api-{host_id}", lambda *_: None, unreadable, self.claims)
        self.log.let_go = self.let_go.append

    async def hold(self, redis: Redis, *session_ids: str) -> None:
        """Hold these sessions, whoever held them before."""
        for session_id in session_ids:
            held = cast(list[bytes], await cast(Any, redis.hmget(keys.holder(session_id), "host", "epoch")))
            await redis.hset(
                keys.holder(session_id),
                mapping={"host": self.claims.host_id, "epoch": int(held[1] or 0) + 1},
            )
            await self.claims.holder(session_id)

    def find(self, session_id: str, numbers: range) -> None:
        for number in numbers:
            self.log.found(
                "scheduler-0", make_finding(f"boot-{self.claims.host_id}", number, session_id), True
            )

    async def drained(self) -> None:
        running = asyncio.create_task(self.log.run())
        async with asyncio.timeout(60):
            await self.log.drain()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)  # or it writes beside the next one


async def seqs(redis: Redis, session_id: str) -> list[int]:
    rows = await cast(Any, redis.xrange(keys.events(session_id)))
    return [int(row[0].partition(b"-")[0]) for row in rows]


async def test_two_writers_lose_and_double_nothing_and_stray_writes_are_refused(
    redis: Redis, tmp_path: Any
) -> None:
    a, b = Writer(redis, "a", tmp_path), Writer(redis, "b", tmp_path)
    await a.hold(redis, "of-a", "both")
    await b.hold(redis, "of-b", "both")  # of which a does not know
    events = 1000
    for writer, own in ((a, "of-a"), (b, "of-b")):
        for begin in range(0, events, 50):
            writer.find(own, range(2 * begin + 1, 2 * begin + 51))
            writer.find("both", range(2 * begin + 51, 2 * begin + 101))
    await asyncio.gather(a.drained(), b.drained())
    for session_id in ("of-a", "of-b", "both"):
        assert await seqs(redis, session_id) == list(range(1, events + 1))
    assert (a.log.fenced_events, b.log.fenced_events) == (events, 0)
    assert (a.log.stored_events, b.log.stored_events) == (events, 2 * events)
    assert (set(a.let_go), b.let_go) == ({"both"}, [])
    rows = await cast(Any, redis.xrange(keys.ALL_EVENTS))
    assert [row[0] for row in rows] == [f"{place}-0".encode() for place in range(1, 3 * events + 1)]
    assert len({(row[1][b"s"], row[1][b"q"]) for row in rows}) == 3 * events


async def test_a_session_goes_on_with_the_next_seq_at_another_host(redis: Redis, tmp_path: Any) -> None:
    a, b = Writer(redis, "a", tmp_path), Writer(redis, "b", tmp_path)
    await a.hold(redis, "s")
    a.find("s", range(1, 4))
    await a.drained()
    await b.hold(redis, "s")
    b.find("s", range(1, 3))
    await b.drained()
    a.find("s", range(4, 6))  # it does not know yet that the session is another's
    await a.drained()
    await a.hold(redis, "s")
    a.find("s", range(6, 7))
    await a.drained()
    assert await seqs(redis, "s") == [1, 2, 3, 4, 5, 6]
    assert a.log.fenced_events == 2


async def test_a_redis_without_memory_takes_all_of_a_write_or_nothing(redis: Redis, tmp_path: Any) -> None:
    """It would let pass what needs none, as the end of a violation that frees a field, and then all else."""
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s")
    a.log.found("scheduler-0", make_finding("boot-a", 1, "s", type="violation", state="start"), True)
    await a.drained()
    await redis.config_set("maxmemory", "1")
    a.find("s", range(2, 4))
    a.log.found("scheduler-0", make_finding("boot-a", 4, "s", type="violation", state="end"), True)
    running = asyncio.create_task(a.log.run())
    await until(lambda: a.log.refusal is not None)
    assert (a.log.refusal, await seqs(redis, "s")) == ("Redis has no memory left (its maxmemory)", [1])
    await redis.config_set("maxmemory", "0")
    await a.log.drain()
    running.cancel()
    assert await seqs(redis, "s") == [1, 2, 3, 4]


async def writer_whose_events_redis_lost(redis: Redis, tmp_path: Any) -> Writer:
    """It holds session s, whose findings 1 to 3 are lost and 4 and 5 stored since."""
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s")
    a.find("s", range(1, 4))
    await a.drained()
    await redis.flushall()
    a.find("s", range(4, 6))
    await a.drained()
    return a


async def test_all_sessions_events_go_on_behind_what_was_told_when_redis_has_lost_them(
    redis: Redis, tmp_path: Any
) -> None:
    await writer_whose_events_redis_lost(redis, tmp_path)
    rows = await cast(Any, redis.xrange(keys.ALL_EVENTS))
    assert [row[0] for row in rows] == [b"4-0", b"5-0"]


async def test_a_claim_that_redis_has_lost_is_stored_anew_and_no_seq_comes_twice(
    redis: Redis, tmp_path: Any
) -> None:
    a = await writer_whose_events_redis_lost(redis, tmp_path)
    assert await seqs(redis, "s") == [4, 5]
    assert await a.claims.holder("s") == ("a", 1)
    assert a.let_go == []


async def test_a_claim_that_was_not_renewed_for_hours_is_not_stored_anew(
    redis: Redis, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s")
    await redis.flushall()
    monkeypatch.setattr(claims, "CLAIM_S", 0)
    a.find("s", range(1, 2))
    await a.drained()
    assert (await seqs(redis, "s"), a.let_go) == ([], ["s"])


async def test_who_waits_for_a_refused_event_is_told(redis: Redis, tmp_path: Any) -> None:
    a, b = Writer(redis, "a", tmp_path), Writer(redis, "b", tmp_path)
    await a.hold(redis, "s")
    await b.hold(redis, "s")
    erased = a.log.erase("s")
    await a.drained()
    with pytest.raises(HeldElsewhere):
        await erased


async def test_lost_findings_leave_a_hole_in_all_sessions_events_too(redis: Redis, tmp_path: Any) -> None:
    a = Writer(redis, "a", tmp_path, journal_entries=2)
    await a.hold(redis, "s")
    a.find("s", range(1, 6))
    await a.drained()
    assert await seqs(redis, "s") == [4, 5]
    assert await History(redis).newest(EVERYTHING) == 5


async def test_what_was_erased_leaves_no_key_but_the_claim(redis: Redis, tmp_path: Any) -> None:
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s")
    a.find("s", range(1, 1200))
    await a.drained()
    await redis.sadd(keys.held("a"), "s")
    a.log.erase("s", await History(redis).places("s"))
    await a.drained()
    left = {key.decode() for key in cast(list[bytes], await redis.keys("ml:[^o]*"))}
    assert left == {keys.holder("s"), keys.ALL_EVENTS}
    assert await redis.xlen(keys.ALL_EVENTS) == 0


async def test_what_begins_in_the_write_that_erases_is_stored(redis: Redis, tmp_path: Any) -> None:
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s")
    a.find("s", range(1, 4))
    await a.drained()
    a.log.erase("s")
    a.find("s", range(4, 6))
    await a.drained()
    assert await seqs(redis, "s") == [1, 2]


async def test_what_was_lost_of_another_hosts_session_leaves_no_hole(redis: Redis, tmp_path: Any) -> None:
    a, b = Writer(redis, "a", tmp_path, journal_entries=2), Writer(redis, "b", tmp_path)
    await a.hold(redis, "s", "own")
    await b.hold(redis, "s")
    a.find("s", range(1, 6))
    await a.drained()
    a.find("own", range(6, 7))
    await a.drained()
    assert await History(redis).newest(EVERYTHING) == 1


async def test_a_key_that_turned_into_another_type_doubles_nothing(redis: Redis, tmp_path: Any) -> None:
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s")
    a.find("s", range(1, 2))
    await a.drained()
    await redis.set(keys.results("s"), "of another program")
    a.find("s", range(2, 4))
    a.log.latest(Latest(MediaKey("s"), "face", 59.0, 20.0, 3, {}, {}))
    await a.drained()
    a.find("s", range(4, 5))
    await a.drained()
    assert await seqs(redis, "s") == [1, 2, 3, 4]
    assert await redis.get(keys.unreadable_key(keys.results("s"))) == b"of another program"


async def test_a_refusal_that_comes_after_the_session_was_taken_back_does_not_count(
    redis: Redis, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = Writer(redis, "a", tmp_path)
    await a.hold(redis, "s", "other's")
    for session_id in ("s", "other's"):
        await redis.hset(keys.holder(session_id), mapping={"host": "b", "epoch": 2})
    script = AsyncScript.__call__

    async def late(self: Any, **how: Any) -> Any:
        answer = await script(self, **how)
        if how["args"][0] == "a":  # what is written, not what is taken over
            await a.claims.take_over("s", Claim("b", 2))
        return answer

    monkeypatch.setattr(AsyncScript, "__call__", late)
    a.find("s", range(1, 2))
    a.find("other's", range(2, 3))
    await a.drained()
    assert sorted(a.let_go) == ["other's", "s"], "of both nothing was stored"
    assert (a.claims.epoch("s"), a.claims.epoch("other's")) == (3, None)
