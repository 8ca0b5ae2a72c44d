"""The wall clock is set an hour on, then an hour back: nothing ends, and events go on in their order."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from argusd.ingest.ipc.messages import SessionState

from ..api.api_process import ApiProcess
from ..api.fakes import S1, FakeScheduler, FakeWorker
from ..api.fixtures import make_config
from ..waiting import answered
from ..wall_clock import WallClock, wall_clock
from .outcome import Outcome

HOUR_S = 3600
FOUND = 20  # under each setting of the clock
RETENTION_S = 1800  # less than the leap


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[WallClock]:
    with wall_clock(tmp_path) as clock:
        yield clock


@pytest.mark.fault(18, "clock jump ±1 h")
async def test_nothing_ends_and_events_go_on_in_order(
    tmp_path: Path, clock: WallClock, outcome: Outcome
) -> None:
    worker, scheduler = FakeWorker(tmp_path / "ingest-0.sock"), FakeScheduler(tmp_path / "scheduler-0.sock")
    config = make_config(tmp_path, retention_s=RETENTION_S)
    async with ApiProcess(config, **clock.environment) as api:
        await api.publish("s1")
        told = 1  # connecting
        for leap_s in (0, HOUR_S, -HOUR_S):
            clock.leap(leap_s)
            await answered(partial(touched, api), partial(near, leap_s=leap_s))
            set_at = time.monotonic()
            worker.say(SessionState("s1", "stale"))
            worker.say(SessionState("s1", "live"))
            for _ in range(FOUND):
                scheduler.find("s1")
            told += FOUND + 2
            async with api.events("/sessions/s1/events?after=0") as events:
                stored = [event for _, _, event in await events.take(told)]
            outcome.recovered(time.monotonic() - set_at)
            assert [event["id"] for event in stored] == [f"s1:{seq}" for seq in range(1, told + 1)]
            assert near([event for event in stored if event["name"] == "live"][-1]["captured_at"], leap_s)
            async with api.events("/events", str(told - 1)) as events:
                assert (await events.next())[0] == str(told)
        await scheduler.until(lambda: not scheduler.unacked)
        assert S1 in scheduler.policies
        await api.restart()
        async with api.events("/sessions/s1/events?after=0") as events:
            assert [event["seq"] for _, _, event in await events.take(told)] == list(range(1, told + 1))
        sessions = (await api.json("GET", "/sessions"))[1]["sessions"]
        assert {each["session_id"]: each["state"] for each in sessions} == {"s1": "live", "idle": "created"}
    outcome.lost(0)
    worker.die()
    scheduler.die()


async def touched(api: ApiProcess) -> float:
    """Change a session that has no media; unix seconds of that, by the api's wall clock."""
    updated_at: float = (await api.json("PUT", "/sessions/idle", json={}))[1]["updated_at"]
    return updated_at


def near(unix_s: float, leap_s: int) -> bool:
    """Whether this is now, by a wall clock that is so far off ours."""
    return abs(unix_s - time.time() - leap_s) < 60
