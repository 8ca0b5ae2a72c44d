"""``closed`` comes after everything that was found, whoever is slow, killed or away meanwhile."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from argusd.api.sessions import closings
from argusd.api.store.embedded_redis import EmbeddedRedis
from argusd.scheduler.contract.messages import SessionOver, Stopped

from ..fakes import S1, FakeScheduler, FakeWorker
from ..fixtures import Rig, running_rig

Told = list[tuple[str, str]]


@pytest.fixture
async def ended(rig: Rig) -> Rig:
    """A violation goes on, the session has ended, and its scheduler has not said that this is all."""
    rig.scheduler.answers_ends = False
    await rig.api.publish("s1")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    absent(rig, "start")
    rig.worker.end("s1", "client")
    await rig.scheduler.until(lambda: len(rig.scheduler.ended) == 1)
    return rig


def absent(rig: Rig, state: str) -> int:
    return rig.scheduler.find("s1", type="violation", name="face_absent", state=state).number


async def told(rig: Rig, count: int) -> Told:
    """The first events of the session: name, and state or what they say of the end."""
    async with rig.api.events("/sessions/s1/events", "0") as events:
        found = [event for _, _, event in await events.take(count)]
    return [(each["name"], each["data"].get("reason", each["state"])) for each in found]


async def waits(task: "asyncio.Task[Any]") -> bool:
    return not (await asyncio.wait([task], timeout=0.2))[0]


IN_ORDER: Told = [
    ("connecting", ""),
    ("face_absent", "start"),
    ("face_absent", "end"),
    ("closed", "client"),
]


async def test_findings_that_come_two_seconds_after_the_end_come_before_closed(ended: Rig) -> None:
    assert (await ended.api.json("GET", "/sessions/s1"))[1]["state"] == "closed"
    await asyncio.sleep(2.0)
    absent(ended, "end")
    ended.scheduler.tell_over()
    assert await told(ended, 4) == IN_ORDER


async def test_results_are_complete_once_they_say_closed(ended: Rig) -> None:
    assert (await ended.api.json("GET", "/sessions/s1/results"))[1]["state"] == "connecting"
    absent(ended, "end")
    ended.scheduler.tell_over()
    results = await ended.api.until("/sessions/s1/results", lambda body: body["state"] == "closed")
    assert results["violations"]["face_absent"]["open_since_s"] is None


async def test_the_finding_that_is_named_as_the_last_is_waited_for(ended: Rig) -> None:
    [request] = ended.scheduler.ended
    ended.scheduler.say(SessionOver(request, ended.scheduler.boot, last_number=2))
    assert absent(ended, "end") == 2
    assert await told(ended, 4) == IN_ORDER


async def test_a_scheduler_that_connects_again_is_asked_again(ended: Rig) -> None:
    ended.scheduler.disconnect()
    ended.scheduler.ended.clear()
    await ended.scheduler.until(lambda: len(ended.scheduler.ended) == 1)
    absent(ended, "end")
    ended.scheduler.tell_over()
    assert await told(ended, 4) == IN_ORDER


async def test_a_scheduler_that_stops_in_order_has_told_everything(ended: Rig) -> None:
    absent(ended, "end")
    ended.scheduler.say(Stopped(ended.scheduler.boot, last_number=2))
    ended.scheduler.die()
    assert await told(ended, 4) == IN_ORDER


async def test_what_a_killed_scheduler_left_open_ends_before_closed(ended: Rig, tmp_path: Path) -> None:
    ended.scheduler.die()
    ended.scheduler = FakeScheduler(tmp_path / "scheduler-0.sock", "boot-2")
    assert await told(ended, 4) == [*IN_ORDER[:2], ("face_absent", "scheduler_lost"), ("closed", "client")]


@pytest.mark.parametrize("why", ["scheduler_silent", "scheduler_away"])
async def test_a_scheduler_that_never_answers_is_given_up_and_closed_says_so(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(closings, "GIVEN_UP_AFTER_S", 0.2)
    rig.scheduler.answers_ends = False
    await rig.api.publish("s1")
    absent(rig, "start")
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)
    if why == "scheduler_away":
        rig.scheduler.die()
    rig.worker.end("s1", "client")
    async with rig.api.events("/sessions/s1/events", "s1:2") as events:
        _, _, closed = await events.next()
        assert (closed["name"], closed["data"]["late_findings"]) == ("closed", why)
        if why == "scheduler_away":
            rig.scheduler = FakeScheduler(tmp_path / "scheduler-0.sock", "boot-2")
        else:
            absent(rig, "end")
        _, _, late = await events.next()
    assert (late["name"], late["state"], late["seq"]) == ("face_absent", "end", closed["seq"] + 1)


async def test_a_killed_api_leaves_closed_to_the_next_one(ended: Rig) -> None:
    await ended.api.until("/ready", lambda body: body["buffered_events"] == 0)
    ended.scheduler.ended.clear()
    await ended.api.kill()
    await ended.api.open()
    await ended.scheduler.until(lambda: len(ended.scheduler.ended) == 1)
    assert (await ended.api.json("GET", "/sessions/s1"))[1]["state"] == "closed"
    absent(ended, "end")
    ended.scheduler.tell_over()
    assert await told(ended, 4) == IN_ORDER
    await ended.api.restart()
    await ended.api.publish("s1")
    assert await told(ended, 5) == [*IN_ORDER, ("connecting", "")], "once, and no more"


async def test_an_api_that_is_stopped_lets_the_last_findings_come(ended: Rig) -> None:
    stopping = asyncio.create_task(ended.api.close())
    assert await waits(stopping)
    absent(ended, "end")
    ended.scheduler.tell_over()
    await stopping
    await ended.api.open()
    assert await told(ended, 4) == IN_ORDER


async def test_closed_waits_for_redis_too(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "own-redis")
    await server.start()
    async with running_rig(tmp_path, redis_url=f"unix://{server.socket}", redis_timeout_s=0.2) as rig:
        await rig.api.publish("s1")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        try:
            absent(rig, "start")
            rig.worker.end("s1", "client")
            absent(rig, "end")
            await rig.api.until("/ready", lambda body: body["buffered_events"] > 0)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert await told(rig, 4) == IN_ORDER
    await server.stop()


async def test_a_deleted_session_leaves_nothing_to_the_next_of_its_name(ended: Rig) -> None:
    deleting = asyncio.create_task(ended.api.json("DELETE", "/sessions/s1"))
    assert await waits(deleting)
    absent(ended, "end")
    ended.scheduler.tell_over()
    assert (await deleting)[0] == 204
    await ended.api.publish("s1")
    assert await told(ended, 1) == [("connecting", "")]
    results: Any = (await ended.api.json("GET", "/sessions/s1/results"))[1]
    assert results["violations"] == {}


async def test_the_next_media_wait_for_the_last_findings_of_the_earlier(ended: Rig) -> None:
    again = asyncio.create_task(ended.api.publish("s1"))
    await ended.worker.until(lambda: len(ended.worker.opened) == 2)
    assert await waits(again)
    absent(ended, "end")
    ended.scheduler.tell_over()
    await again
    assert await told(ended, 5) == [*IN_ORDER, ("connecting", "")]


async def test_the_next_media_wait_for_what_was_found_in_lost_ones_too(rig: Rig, tmp_path: Path) -> None:
    rig.scheduler.answers_ends = False
    await rig.api.publish("s1")
    absent(rig, "start")
    rig.worker.die()
    await rig.scheduler.until(lambda: len(rig.scheduler.ended) == 1)
    rig.worker = FakeWorker(tmp_path / "ingest-0.sock")
    await rig.api.until_ready()
    again = asyncio.create_task(rig.api.publish("s1"))
    await rig.worker.until(lambda: len(rig.worker.opened) == 1)
    assert await waits(again)
    absent(rig, "end")
    rig.scheduler.tell_over()
    await again
    lost = ("session_lost", "worker_gone")
    assert await told(rig, 5) == [*IN_ORDER[:2], lost, IN_ORDER[2], ("connecting", "")]


async def test_what_every_socket_of_a_session_showed_comes_before_closed(rig: Rig) -> None:
    async with (
        rig.api.http.ws_connect("/ml/stream/s1/face"),
        rig.api.http.ws_connect("/ml/stream/s1/audio"),
    ):
        await rig.scheduler.until(lambda: len(rig.scheduler.policies) == 2)
        rig.scheduler.answers_ends = False
    await rig.scheduler.until(lambda: len(rig.scheduler.ended) == 2)
    rig.scheduler.find("s1", "face", name="face")
    rig.scheduler.find("s1", "audio", stream="audio", name="audio")
    rig.scheduler.tell_over()
    assert [name for name, _ in await told(rig, 4)] == ["connecting", "face", "audio", "closed"]
