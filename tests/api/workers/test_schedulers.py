"""Two live schedulers: each has sessions of its own, and what becomes of one is nothing to the other's."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import RoleStatus, TaskDone, TaskRequest

from ..fakes import FakeScheduler, FakeWorker
from ..fixtures import RunningApi, make_config

VIOLATION: dict[str, Any] = {"type": "violation", "name": "face_absent", "state": "start"}


class Pair:
    """An api between an ingest worker and two live schedulers."""

    def __init__(self, api: RunningApi, folder: Path) -> None:
        self.api = api
        self._folder = folder
        self.worker = FakeWorker(folder / "ingest-0.sock")
        self.schedulers = [self._started(index, f"boot-{index}") for index in range(2)]

    def _started(self, index: int, boot: str) -> FakeScheduler:
        return FakeScheduler(self._folder / f"scheduler-{index}.sock", boot)

    async def until_there(self, count: int = 2) -> None:
        await self.api.until("/ready", lambda body: there(body) == count)

    async def replace(self, index: int, count: int = 2) -> None:
        """As if the process had been killed, and another one had started; so many are there then."""
        self.schedulers[index].die()
        self.schedulers[index] = self._started(index, f"boot-{index}-again")
        await self.until_there(count)

    async def watch(self, *session_ids: str) -> None:
        """Publish the sessions, one after the other; the first one is scheduler-0's."""
        for session_id in session_ids:
            await self.api.publish(session_id)

    async def watched(self) -> list[set[str]]:
        """The sessions of each, once each has as many as the api says it is to have."""
        body = (await self.api.json("GET", "/ready"))[1]
        counts = [status["sessions"] for status in body["schedulers"][:2]]
        return [await heard_of(*each) for each in zip(self.schedulers, counts, strict=True)]

    async def open_violations(self) -> None:
        """Let each find one: scheduler-0 in s0, scheduler-1 in s1."""
        for index, scheduler in enumerate(self.schedulers):
            scheduler.find(f"s{index}", **VIOLATION)
            await acked(scheduler, 1)

    async def findings(self, session_id: str, count: int) -> list[tuple[str, str | None]]:
        """State and reason of the session's first findings."""
        found: list[tuple[str, str | None]] = []
        async with self.api.events(f"/sessions/{session_id}/events", f"{session_id}:0") as events:
            while len(found) < count:
                _, _, event = await events.next()
                if event["type"] == "violation":
                    found.append((event["state"], event["data"].get("reason")))
        return found

    def end(self) -> None:
        self.worker.die()
        for scheduler in self.schedulers:
            scheduler.die()


async def acked(scheduler: FakeScheduler, number: int) -> None:
    """Return once this finding of the scheduler is stored."""
    await scheduler.until(lambda: scheduler.acked == number)


async def heard_of(scheduler: FakeScheduler, count: int) -> set[str]:
    """The sessions that a scheduler is to watch, once it has heard of this many."""
    await scheduler.until(lambda: len(scheduler.policies) == count)
    return {media.session_id for media in scheduler.policies}


def there(readiness: Any) -> int:
    """How many live schedulers answer."""
    return sum(each["ready"] for each in readiness["schedulers"] if each["worker_id"] != "scheduler-bulk")


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(RunningApi(make_config(tmp_path, schedulers=2)))
        pair = Pair(api, tmp_path)
        stack.callback(pair.end)
        await api.until_ready()
        await pair.until_there()
        yield pair


async def test_sessions_spread_over_the_schedulers(pair: Pair) -> None:
    await pair.watch("s0", "s1", "s2", "s3")
    assert await pair.watched() == [{"s0", "s2"}, {"s1", "s3"}]
    _, sessions = await pair.api.json("GET", "/sessions")
    told = {each["session_id"]: each["scheduler_id"] for each in sessions["sessions"]}
    assert told == {"s0": "scheduler-0", "s1": "scheduler-1", "s2": "scheduler-0", "s3": "scheduler-1"}


async def test_a_policy_and_an_end_go_to_the_sessions_scheduler_alone(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    await pair.api.json("PUT", "/sessions/s1", json={"policy": {"weight": 2.0}})
    await pair.schedulers[1].until(lambda: pair.schedulers[1].policies[MediaKey("s1")].policy.weight == 2.0)
    assert set(pair.schedulers[0].policies) == {MediaKey("s0")}
    await pair.api.json("DELETE", "/sessions/s1")
    assert await pair.watched() == [{"s0"}, set()]


async def test_one_that_was_killed_takes_none_of_the_others_violations(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    await pair.open_violations()
    await pair.replace(1)
    assert await pair.findings("s1", 2) == [("start", None), ("end", "scheduler_lost")]
    pair.schedulers[0].find("s0", **VIOLATION | {"state": "end"})
    assert await pair.findings("s0", 2) == [("start", None), ("end", None)]


async def test_a_session_stays_at_its_scheduler_when_the_api_restarts(pair: Pair) -> None:
    await pair.watch("s0", "s1", "s2")
    await pair.open_violations()
    await pair.api.json("DELETE", "/sessions/s0")  # so that scheduler-0 has no more than the other
    before = await pair.watched()
    for scheduler in pair.schedulers:
        scheduler.policies.clear()
    await pair.api.restart()
    await pair.until_there()
    assert await pair.watched() == before == [{"s2"}, {"s1"}]
    pair.schedulers[1].find("s1", **VIOLATION | {"state": "end"})
    assert await pair.findings("s1", 2) == [("start", None), ("end", None)]


async def test_a_session_that_comes_back_goes_to_the_scheduler_it_was_at(pair: Pair) -> None:
    await pair.watch("s0", "s1", "s2", "s3")
    await pair.api.json("DELETE", "/sessions/s0")
    await pair.api.publish("s1")  # the other one has no more to do now
    assert await pair.watched() == [{"s2"}, {"s1", "s3"}]


async def test_sessions_of_one_that_breaks_off_go_on_at_another_and_new_ones_go_there_too(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    pair.schedulers[1].die()
    readiness = await pair.api.until("/ready", lambda body: there(body) == 1)
    assert readiness["ready"]
    assert "scheduler-1 does not answer" in readiness["degraded"]
    assert readiness["fits_more"] == 4
    await pair.watch("s2")
    assert await heard_of(pair.schedulers[0], 3) == {"s0", "s1", "s2"}
    await pair.replace(1)
    assert await pair.watched() == [{"s0", "s1", "s2"}, set()], "they stay where they went"
    pair.schedulers[0].find("s1", **VIOLATION)
    assert await pair.findings("s1", 1) == [("start", None)]


async def test_what_is_open_ends_at_once_and_the_lost_one_has_no_say_any_more(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    await pair.open_violations()
    lost, now = pair.schedulers[1], pair.schedulers[0]
    lost.disconnect()  # it lives, and comes back with what it has found
    lost.find("s1", **VIOLATION | {"state": "end", "data": {"reason": "late"}})
    await now.until(lambda: MediaKey("s1") in now.policies)
    await lost.until(lambda: lost.acked == 2)
    now.find("s1", **VIOLATION)
    assert await pair.findings("s1", 3) == [("start", None), ("end", "scheduler_lost"), ("start", None)]


async def test_a_session_moves_at_most_once_a_minute(pair: Pair) -> None:
    """Else one that breaks every scheduler would take them down one after the other."""
    await pair.watch("s0", "s1")
    pair.schedulers[1].die()
    assert await heard_of(pair.schedulers[0], 2) == {"s0", "s1"}
    await pair.replace(1)
    await pair.replace(0)
    assert await pair.watched() == [{"s1"}, {"s0"}]


async def test_with_no_other_one_sessions_wait_for_the_restart(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    pair.schedulers[1].die()
    assert await heard_of(pair.schedulers[0], 2) == {"s0", "s1"}
    pair.schedulers[0].die()
    await pair.api.until("/ready", lambda body: there(body) == 0)
    await pair.replace(0, count=1)
    assert await heard_of(pair.schedulers[0], 2) == {"s0", "s1"}


async def test_the_end_that_an_earlier_scheduler_tells_late_is_not_that_of_the_violation_now(
    pair: Pair,
) -> None:
    await pair.watch("s0", "s1")
    await pair.open_violations()
    earlier, now = pair.schedulers[1], pair.schedulers[0]
    earlier.disconnect()
    earlier.unreachable = True
    await pair.api.until("/ready", lambda body: there(body) == 1)
    await pair.api.publish("s1")  # its scheduler is away, so it gets another one
    await now.until(lambda: MediaKey("s1") in now.policies)
    now.find("s1", **VIOLATION)  # of the same name: what was open before ends
    await now.until(lambda: now.acked == 2)
    earlier.unreachable = False
    earlier.find("s1", **VIOLATION | {"state": "end", "data": {"reason": "late"}})
    await earlier.until(lambda: earlier.acked == 2)
    now.find("s1", **VIOLATION | {"state": "end"})
    assert await pair.findings("s1", 4) == [
        ("start", None),
        ("end", "scheduler_lost"),
        ("start", None),
        ("end", None),
    ]


async def test_sessions_of_a_scheduler_that_is_no_more_get_another_one(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    await pair.open_violations()
    await pair.api.close()
    pair.schedulers[1].die()
    pair.api.config = msgspec.structs.replace(pair.api.config, schedulers=1)
    await pair.api.open()
    await pair.schedulers[0].until(lambda: len(pair.schedulers[0].policies) == 2)
    assert await pair.findings("s1", 2) == [("start", None), ("end", "scheduler_lost")]


async def test_what_such_a_scheduler_left_open_in_a_closed_session_ends_as_well(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    await pair.open_violations()
    pair.schedulers[1].die()
    pair.worker.end("s1", "client")
    await pair.api.close()
    pair.api.config = msgspec.structs.replace(pair.api.config, schedulers=1)
    await pair.api.open()
    assert await pair.findings("s1", 2) == [("start", None), ("end", "scheduler_lost")]


async def test_what_was_left_open_before_a_session_moved_ends_as_well(pair: Pair) -> None:
    await pair.watch("s0", "s1")
    await pair.open_violations()
    pair.schedulers[1].die()
    await pair.api.until("/ready", lambda body: there(body) == 1)
    await pair.watch("s1")
    await pair.replace(1)
    assert await pair.findings("s1", 2) == [("start", None), ("end", "scheduler_lost")]
    assert await pair.watched() == [{"s0", "s1"}, set()]


async def test_the_room_of_all_schedulers_is_what_fits(pair: Pair) -> None:
    pair.schedulers[0].fits_more, pair.schedulers[1].fits_more = 0, 3
    for scheduler in pair.schedulers:
        scheduler.tell_stats()
    body = await pair.api.until("/ready", lambda body: body["fits_more"] == 3)
    assert [(each["worker_id"], each["fits_more"]) for each in body["schedulers"]] == [
        ("scheduler-0", 0),
        ("scheduler-1", 3),
        ("scheduler-bulk", None),
    ]
    assert (await pair.api.json("GET", "/sessions"))[1]["fits_more"] == 3
    await pair.watch("s0")
    assert await pair.watched() == [set(), {"s0"}], "it goes where there is room"


async def test_figures_are_those_of_all_schedulers_and_counters_only_rise(pair: Pair) -> None:
    for scheduler in pair.schedulers:
        scheduler.tell_stats(active_sessions={"face": 2}, served={"vad": 100}, rate_scale=0.5)
    await pair.api.until_metric("ml_served_total{role=vad}", 200)
    found = await pair.api.metrics()
    assert found["ml_active_sessions{stream_type=face}"] == 4
    assert found["ml_sessions_fit_more"] == 8
    assert found["ml_rate_scale"] == 0.5
    await pair.replace(1)
    pair.schedulers[1].tell_stats(served={"vad": 1})
    await pair.api.until_metric("ml_served_total{role=vad}", 201)


async def test_a_role_is_ready_when_it_is_in_all_of_them(pair: Pair) -> None:
    for scheduler, ready in zip(pair.schedulers, (True, False), strict=True):
        scheduler.tell_stats(roles=[RoleStatus("vad", "silero_vad", ready, "no weights", 1.5 + ready)])
    body = await pair.api.until("/ready", lambda body: not body["ready"])
    assert body["reasons"] == ["vad is not ready: no weights"]
    found = await pair.api.metrics()
    assert found["ml_role_ready{model=silero_vad,role=vad}"] == 0
    assert found["ml_model_load_seconds{model=silero_vad}"] == 2.5


async def test_tasks_take_turns_and_a_sessions_go_where_its_media_are(pair: Pair) -> None:
    for index, scheduler in enumerate(pair.schedulers):
        scheduler.answer = lambda request, index=index: did(request, index)
    await pair.watch("s0", "s1")

    async def at(session_id: str) -> str:
        body = {"session_id": session_id, "image_b64": "AAAA"}
        return str((await pair.api.json("POST", "/face/embed", json=body))[1]["worker_id"])

    assert [await at("s1"), await at("s1"), await at("s0")] == ["scheduler-1", "scheduler-1", "scheduler-0"]
    assert [await at(f"new-{number}") for number in range(4)] == ["scheduler-0", "scheduler-1"] * 2


def did(request: TaskRequest, index: int) -> TaskDone:
    return TaskDone(request.request, {"by": index}, {}, 0.001)
