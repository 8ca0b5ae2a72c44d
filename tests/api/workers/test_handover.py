"""One life of a scheduler hands over to the next, which is there already: callers notice nothing."""

import asyncio
from pathlib import Path
from typing import Any

from argusd.scheduler.contract.messages import Stopped, TaskDone, TaskRequest

from ..fakes import S1, FakeScheduler
from ..fixtures import Rig

PICTURE = {"session_id": "s1", "image_b64": "AAAA"}
VIOLATION: dict[str, Any] = {"type": "violation", "name": "face_absent", "state": "start"}


def done(request: TaskRequest, by: str) -> TaskDone:
    return TaskDone(request.request, {"by": by}, {}, 0.001)


def successor(tmp_path: Path) -> FakeScheduler:
    """The next life at the same socket; it answers tasks."""
    scheduler = FakeScheduler(tmp_path / "scheduler-0.sock", "boot-2")
    scheduler.answer = lambda request: done(request, "the next")
    return scheduler


async def by(task: "asyncio.Future[tuple[int, Any]]") -> tuple[int, str]:
    status, answer = await task
    return status, answer["result"]["by"]


async def test_sessions_and_new_tasks_move_and_tasks_at_work_are_answered(rig: Rig, tmp_path: Path) -> None:
    await rig.api.publish("s1")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    rig.scheduler.find("s1", **VIOLATION)
    at_work = asyncio.ensure_future(rig.api.json("POST", "/face/embed", json=PICTURE))
    await rig.scheduler.until(lambda: len(rig.scheduler.asked) == 1)
    following = successor(tmp_path)
    rig.scheduler.find("s1", **VIOLATION | {"state": "end"})
    rig.scheduler.say(Stopped("boot-1", last_number=2))
    assert await by(asyncio.ensure_future(rig.api.json("POST", "/face/embed", json=PICTURE))) == (
        200,
        "the next",
    )
    assert (await rig.api.json("GET", "/ready"))[0] == 200
    await following.until(lambda: S1 in following.policies)
    await rig.scheduler.until(lambda: rig.scheduler.left and rig.scheduler.acked == 2)
    rig.scheduler.say(done(rig.scheduler.asked[0], "the earlier"))
    assert await by(at_work) == (200, "the earlier")
    following.find("s1", **VIOLATION)
    await following.until(lambda: following.acked == 1)
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        told = [(await events.next())[2] for _ in range(3)]
    assert [(event["state"], event["data"].get("reason")) for event in told] == [
        ("start", None),
        ("end", None),
        ("start", None),
    ]
    rig.scheduler.die()
    rig.scheduler = following


async def test_a_task_that_a_life_gives_up_as_it_ends_is_begun_anew_in_the_next(
    rig: Rig, tmp_path: Path
) -> None:
    task = asyncio.ensure_future(rig.api.json("POST", "/face/embed", json=PICTURE))
    await rig.scheduler.until(lambda: len(rig.scheduler.asked) == 1)
    following = successor(tmp_path)
    rig.scheduler.say(Stopped("boot-1", last_number=0))
    await following.until(lambda: bool(following.connected))
    rig.scheduler.die()
    assert await by(task) == (200, "the next")
    rig.scheduler = following


async def test_the_end_of_media_that_stop_with_their_scheduler_is_not_waited_for(
    rig: Rig, tmp_path: Path
) -> None:
    await rig.api.publish("s1")
    rig.scheduler.say(Stopped("boot-1", last_number=0))
    rig.worker.end("s1", "client")
    body = await rig.api.until("/sessions/s1/results", lambda body: body["state"] == "closed")
    assert body["state"] == "closed"
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        assert "late_findings" not in (await events.next())[2]["data"]
