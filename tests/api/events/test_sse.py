"""Server-sent events: nothing lost, nothing doubled, and told where something is missing."""

import asyncio
import contextlib
import gc
import socket
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio.connection import AbstractConnection

from argusd.api.events.cursor import parse_position
from argusd.api.events.frames import EVERYTHING
from argusd.api.events.history import History
from argusd.api.events.redis_store import Connections
from argusd.scheduler.contract.errors import InvalidField

from ...described import told
from ..fakes import S1, FakeScheduler
from ..fixtures import EventReader, Rig, running_rig


async def find_many(rig: Rig, count: int, session_id: str = "s1") -> None:
    """Have the scheduler find, and wait until all of it is stored."""
    for _ in range(count):
        last = rig.scheduler.find(session_id).number
    await rig.scheduler.until(lambda: rig.scheduler.acked >= last)


async def test_a_stream_begins_now_behind_an_event_or_at_the_oldest(rig: Rig) -> None:
    await rig.api.publish("s1")
    await find_many(rig, 4)
    for last_event_id, first in (("s1:3", 4), ("3", 4), ("0", 1)):
        async with rig.api.events("/sessions/s1/events", last_event_id) as events:
            assert (await events.next())[0] == f"s1:{first}"
    async with rig.api.events("/sessions/s1/events") as events:
        await find_many(rig, 1)
        assert (await events.next())[0] == "s1:6"
    for after, first in (("2", 3), ("-2", 5), ("-999", 1)):
        async with rig.api.events(f"/sessions/s1/events?after={after}") as events:
            assert (await events.next())[2]["seq"] == first


async def test_a_stream_says_first_where_it_begins(rig: Rig) -> None:
    """So whoever loses it before the first event can come back to there."""
    await rig.api.publish("s1")
    await find_many(rig, 2)
    for path, begins_at in (("/sessions/s1/events", "s1:3"), ("/events", "3"), ("/events?after=1", "1")):
        async with rig.api.http.get(path) as response:
            assert await EventReader(response).next_block() == {"retry": "500", "id": begins_at}


async def test_events_survive_a_restart_of_the_api_without_loss_or_double(rig: Rig) -> None:
    await rig.api.publish("s1")
    seen: list[int] = []
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        await find_many(rig, 30)
        last_id = ""
        while len(seen) < 20:
            last_id, _, event = await events.next()
            seen.append(event["data"]["number"])
    for _ in range(3):
        rig.scheduler.find("s1")
        await rig.api.close()
        for _ in range(10):
            rig.scheduler.find("s1")
        await rig.api.open()
        rig.scheduler.find("s1")
    await rig.scheduler.until(lambda: rig.scheduler.acked == 66)
    async with rig.api.events("/sessions/s1/events", last_id) as events:
        while len(seen) < 66:
            _, kind, event = await events.next()
            assert kind == ""
            if event["type"] == "observation":  # the worker told the new api that the media is live
                seen.append(event["data"]["number"])
    assert seen == list(range(1, 67))


async def test_findings_that_are_sent_again_are_stored_once(rig: Rig) -> None:
    await rig.api.publish("s1")
    await find_many(rig, 3)
    for finding in (rig.scheduler.find("s1"), rig.scheduler.find("s1")):
        rig.scheduler.say(finding)
        rig.scheduler.say(finding)
    rig.scheduler.disconnect()
    await find_many(rig, 1)
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        numbers = [event["data"]["number"] for _, _, event in await events.take(6)]
    assert numbers == [1, 2, 3, 4, 5, 6]


async def test_a_new_scheduler_counts_anew(rig: Rig, tmp_path: Path) -> None:
    await rig.api.publish("s1")
    await find_many(rig, 2)
    rig.scheduler.die()
    rig.scheduler = FakeScheduler(tmp_path / "scheduler-0.sock", "boot-2")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    await find_many(rig, 2)
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        assert [event["data"]["number"] for _, _, event in await events.take(4)] == [1, 2, 1, 2]


async def test_a_gap_says_what_is_past_retention(tmp_path: Path) -> None:
    async with running_rig(tmp_path, events_per_session=100, events_overall=100) as rig:
        await rig.api.publish("s1")
        await find_many(rig, 400)
        async with rig.api.events("/sessions/s1/events", "s1:1") as events:
            gap_id, kind, gap = await events.next()
            first = (await events.next())[2]["seq"]
        assert kind == "gap"
        assert gap == {"type": "gap", "session_id": "s1", "missed": first - 2}
        assert gap_id == f"s1:{first - 1}"
        async with rig.api.events("/sessions/s1/events", gap_id) as events:
            assert (await events.next())[1] == ""  # behind the gap there is none
        async with rig.api.events("/events", "1") as events:
            _, kind, gap = await events.next()
            assert (kind, gap["missed"]) == ("gap", (await events.next())[2]["seq"] - 2)


async def test_a_position_that_never_was_begins_anew_with_a_gap(rig: Rig) -> None:
    await rig.api.publish("s1")
    async with rig.api.events("/sessions/s1/events", "s1:999") as events:
        assert (await events.next())[1:] == ("gap", {"type": "gap", "reason": "unknown_position"})
        assert (await events.next())[0] == "s1:1"


async def test_all_sessions_events_come_in_the_order_they_were_stored(rig: Rig) -> None:
    async with rig.api.events("/events") as events:
        await rig.api.publish("s1")
        await rig.api.publish("s2")
        await find_many(rig, 1, "s2")
        await find_many(rig, 1, "s1")
        found = await events.take(4)
    assert [(at, event["id"]) for at, _, event in found] == [
        ("1", "s1:1"),
        ("2", "s2:1"),
        ("3", "s2:2"),
        ("4", "s1:2"),
    ]
    await rig.api.json("DELETE", "/sessions/s2")
    async with rig.api.events("/events", "1") as events:
        assert (await events.next())[1:] == ("gap", {"type": "gap", "missed": 2})
        assert (await events.next())[0] == "4"


async def test_positions_go_on_behind_those_of_an_erased_session(rig: Rig) -> None:
    """Also for an api that begins: the store has forgotten the newest events, not how many there were."""
    await rig.api.publish("s1")
    await rig.api.publish("s2")
    await find_many(rig, 3, "s2")
    await rig.api.json("DELETE", "/sessions/s2")
    async with rig.api.events("/events", "5") as events:
        await find_many(rig, 1)
        last, event = await next_kept(events)
        assert (event["id"], int(last) > 5) == ("s1:2", True)
    await rig.api.json("DELETE", "/sessions/s1")
    await rig.api.restart()
    async with rig.api.events("/events", last) as events:
        await rig.api.publish("s3")
        newest, event = await next_kept(events)
        assert (event["id"], int(newest) > int(last)) == ("s3:1", True)


async def next_kept(events: EventReader) -> tuple[str, Any]:
    """The next event, behind what may be missing because it was erased."""
    at, kind, event = await events.next()
    if kind == "gap":
        assert event.keys() == {"type", "missed"}
        at, kind, event = await events.next()
    assert kind == ""
    return at, event


async def test_an_idle_stream_is_kept_alive(tmp_path: Path) -> None:
    async with running_rig(tmp_path, heartbeat_s=0.05) as rig, rig.api.events("/events") as events:
        assert await events.next_block() == {"": "heartbeat"}


def open_connections() -> set[int]:
    """To Redis, of anybody in this process."""
    every = (each for each in gc.get_objects() if issubclass(type(each), AbstractConnection))
    return {id(each) for each in every if each.is_connected}


async def test_a_read_that_outlives_its_reader_leaves_no_connection_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, close = History.newest, Connections.aclose
    begun, closed = asyncio.Event(), asyncio.Event()

    async def slow(self: History, topic: str) -> int:
        if begun.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), 0.5)
        begun.set()
        return await newest(self, topic)

    async def close_slowly(self: Connections) -> None:
        await close(self)
        closed.set()
        await asyncio.sleep(0.1)  # in which a read that goes on would connect anew

    monkeypatch.setattr(History, "newest", slow)
    monkeypatch.setattr(Connections, "aclose", close_slowly)
    before = open_connections()
    async with running_rig(tmp_path, heartbeat_s=0.05) as rig, rig.api.events("/events") as events:
        assert await events.next_block() == {"": "heartbeat"}
    assert open_connections() <= before


async def test_a_slow_reader_is_cut_off_and_may_resume_while_others_go_on(tmp_path: Path) -> None:
    async with running_rig(tmp_path, slow_consumer_s=2.0) as rig:
        await rig.api.publish("s1")
        with socket.create_connection(("127.0.0.1", rig.api.config.port)) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(b"GET /sessions/s1/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with rig.api.events("/sessions/s1/events", "s1:1") as events:
                for _ in range(600):
                    rig.scheduler.find("s1", data={"padding": "x" * 20_000})
                await events.take(600)
            await rig.api.until_metric("ml_event_readers_cut_off_total", 1)
        async with rig.api.events("/sessions/s1/events", "s1:590") as events:
            assert (await events.next())[0] == "s1:591"


async def test_a_position_that_is_none_is_refused_though_another_goes_first(rig: Rig) -> None:
    status, body = await rig.api.json("GET", "/events?after=x", headers={"Last-Event-ID": "1"})
    assert (status, body["error_code"]) == (422, "invalid_field")


@pytest.mark.parametrize("value", ["x", "s1:", "s1:-1", "-99999", "1.5", "9" * 30, "s1:1:x"])
async def test_a_position_that_is_none_is_refused(rig: Rig, value: str) -> None:
    with pytest.raises(InvalidField):
        parse_position(value, EVERYTHING)
    status, body = await rig.api.json("GET", "/events", params={"after": value})
    assert (status, body["error_code"]) == (422, "invalid_field")


def test_positions_are_ids_of_events_or_numbers() -> None:
    assert parse_position("a:b:17", "a:b") == parse_position("a:b:17", EVERYTHING) == ("a:b", 17)
    assert parse_position("17", "a:b") == parse_position("17", EVERYTHING) == ("", 17)
    assert parse_position("-50", EVERYTHING) == ("", -50)
    assert parse_position("", "s1") is parse_position(None, "s1") is None


async def test_an_id_of_another_session_is_refused(rig: Rig) -> None:
    await rig.api.publish("s1")
    status, body = await rig.api.json("GET", "/sessions/s1/events", headers={"Last-Event-ID": "s2:1"})
    assert (status, body["error_code"]) == (422, "invalid_field")


async def test_an_events_own_id_is_good_among_all_sessions_events_too(rig: Rig) -> None:
    for session_id in ("s1", "s2"):
        await rig.api.publish(session_id)
    await find_many(rig, 2, "s2")
    async with rig.api.events("/events", "s2:2") as events:
        assert (await events.next())[0] == "4"
    async with rig.api.events("/events", "s2:9") as events:
        assert (await events.next())[1:] == ("gap", {"type": "gap", "reason": "unknown_position"})
        assert (await events.next())[0] == "1"


async def test_every_reader_is_told_what_was_stored_last_before_the_api_ends(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    async with contextlib.AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(rig.api.events("/sessions/s1/events", "s1:1")) for _ in range(20)
        ]
        for number in range(100):
            rig.scheduler.find("s1", name=f"n{number}")
        await rig.scheduler.until(lambda: rig.scheduler.acked == 100)
        rig.api.stop.set()
        for reader in readers:
            named = [event["name"] for _, _, event in await reader.take(100)]
            assert named == [f"n{number}" for number in range(100)]


async def test_whatever_a_stream_tells_is_described(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.find("s1", type="observation", name="of_a_stream_of_ones_own")
    async with rig.api.events("/sessions/s1/events", "s1:999") as events:
        kinds = [told(event)["type"] for _, _, event in await events.take(3)]
    assert kinds == ["gap", "session", "observation"]
