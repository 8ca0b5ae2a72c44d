"""Violations whose scheduler was killed: each start gets its end, once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from argusd.api.events.left_open import end_of
from argusd.scheduler.contract.events import Event

from ..fakes import S1, FakeScheduler
from ..fixtures import Rig, running_rig

VIOLATION: dict[str, Any] = {"type": "violation", "name": "face_absent", "severity": "warning"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_rig(tmp_path) as rig:
        await rig.api.publish("s1")
        yield rig


def start(rig: Rig, media_s: float, **changes: Any) -> None:
    data = {"start_s": media_s - 1.0, "value": 0.2}
    rig.scheduler.find("s1", **VIOLATION, state="start", media_s=media_s, data=data, **changes)


def replace_scheduler(rig: Rig, boot: str) -> None:
    """As if the process had been killed, and another one had started."""
    rig.scheduler.die()
    rig.scheduler = FakeScheduler(rig.api.config.runtime_dir / "scheduler-0.sock", boot)


async def edges(rig: Rig, count: int) -> list[dict[str, Any]]:
    """The session's first findings."""
    found: list[dict[str, Any]] = []
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        while len(found) < count:
            _, _, event = await events.next()
            found += [event] if event["type"] != "session" else []
    return found


async def test_what_a_killed_scheduler_left_open_ends_before_the_next_one_finds_anything(rig: Rig) -> None:
    start(rig, 5.0)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)
    replace_scheduler(rig, "boot-2")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    start(rig, 9.0)
    first, end, again = await edges(rig, 3)
    assert [each["state"] for each in (first, end, again)] == ["start", "end", "start"]
    assert (end["stream"], end["name"], end["severity"]) == ("face", "face_absent", "warning")
    assert end["data"] == {
        "value": 0.2,
        "start_s": 4.0,
        "end_s": 5.0,
        "duration_s": 1.0,
        "media_s": 5.0,
        "reason": "scheduler_lost",
    }
    status, results = await rig.api.json("GET", "/sessions/s1/results")
    assert (status, results["violations"]["face_absent"]["count"]) == (200, 2)
    assert results["violations"]["face_absent"]["total_s"] == 1.0


async def test_what_has_ended_does_not_end_again(rig: Rig) -> None:
    start(rig, 5.0)
    rig.scheduler.find("s1", **VIOLATION, state="end", media_s=7.0)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 2)
    replace_scheduler(rig, "boot-2")
    rig.scheduler.find("s1")
    assert [each["state"] for each in await edges(rig, 3)] == ["start", "end", "update"]


async def test_the_same_scheduler_ends_its_own_after_the_api_was_restarted(rig: Rig) -> None:
    start(rig, 5.0)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)
    await rig.api.restart()
    await rig.api.until_ready()
    rig.scheduler.find("s1", **VIOLATION, state="end", media_s=7.0, data={"duration_s": 2.5})
    assert [each["data"].get("reason") for each in await edges(rig, 2)] == [None, None]


async def test_both_killed_at_once_is_no_exception(rig: Rig) -> None:
    start(rig, 5.0)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)
    await rig.api.close()
    replace_scheduler(rig, "boot-2")
    await rig.api.open()
    assert [each["state"] for each in await edges(rig, 2)] == ["start", "end"]


async def test_a_second_start_ends_the_first_whose_end_was_lost(rig: Rig) -> None:
    start(rig, 5.0)
    start(rig, 9.0)
    assert [each["state"] for each in await edges(rig, 3)] == ["start", "end", "start"]


@pytest.mark.parametrize(
    ("data", "times"),
    [
        ({"start_s": 4.0, "end_s": 9.1236}, (4.0, 9.1236, 5.124)),
        ({"start_s": 4.0, "media_s": 5.0}, (4.0, 5.0, 1.0)),
        ({"start_s": 4.0, "end_s": 3.0}, (4.0, 3.0, 0.0)),
        ({"media_s": 5.0}, (5.0, 5.0, 0.0)),
        ({}, (0.0, 0.0, 0.0)),
    ],
)
def test_an_end_that_nobody_told_dates_from_when_the_violation_was_last_seen(
    data: dict[str, float], times: tuple[float, float, float]
) -> None:
    told = Event(
        session_id="s1",
        type="violation",
        stream="face",
        name="face_absent",
        state="update",
        captured_at=1.0,
        data=data,
    )
    end = end_of(told)
    assert (end.data["start_s"], end.data["end_s"], end.data["duration_s"]) == times
    assert (end.state, end.data["reason"]) == ("end", "scheduler_lost")
