"""Two live schedulers in a running daemon: sessions spread, and those of one that dies go on at the other."""

import asyncio
import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from argusd.daemon.config import load_config
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, next_event, started

BOTH_AT_THE_FIRST = {"scheduler-0": 2, "scheduler-1": 0, "scheduler-bulk": 0}
ONE_EACH = {"scheduler-0": 1, "scheduler-1": 1, "scheduler-bulk": 0}

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live"])
    with started(tmp_path_factory.mktemp("s"), SCHEDULER__DEVICES='["cpu", "cpu"]') as daemon:
        yield daemon


def watched(daemon: Daemon) -> dict[str, int]:
    """How many sessions each scheduler watches, once the api and both live ones are there."""
    while True:
        with contextlib.suppress(OSError), urlopen(f"{daemon.url}/ready") as response:
            found: list[dict[str, Any]] = json.load(response)["schedulers"]
            if all(each["ready"] for each in found):
                return {each["worker_id"]: each["sessions"] for each in found}
        time.sleep(0.1)


async def absences(daemon: Daemon, session_id: str) -> list[tuple[str, str | None]]:
    """The edges of the session's ``face_absent``, and who told them, up to the end of its media."""
    edges: list[tuple[str, str | None]] = []
    async with contextlib.aclosing(subscribe(daemon.url, session_id, last_event_id="0")) as events:
        async for event in events:
            assert isinstance(event, Event), event
            if event.name == "closed":
                break
            if event.name == "face_absent" and event.state != "update":
                edges.append((event.state, event.data.get("reason")))
    return edges


def until_absent(publisher: "subprocess.Popen[str]") -> None:
    """Return when nobody is seen, which is what a synthetic picture shows."""
    while next_event(publisher, "face_absent")["state"] != "start":
        pass


def test_one_that_is_killed_takes_none_of_the_others_violations(daemon: Daemon) -> None:
    with daemon.publishing("--synthetic", "s0") as first:
        until_absent(first)
        with daemon.publishing("--synthetic", "s1") as second:
            until_absent(second)
            assert watched(daemon) == ONE_EACH
            daemon.child("scheduler-1").kill()
            until_absent(second)  # the other one sees the same, and begins anew
            daemon.child("api").kill()  # it finds both sessions where they were
            assert watched(daemon) == BOTH_AT_THE_FIRST
    untouched, killed = [asyncio.run(absences(daemon, session_id)) for session_id in ("s0", "s1")]
    assert untouched == [("start", None), ("end", None)]
    assert killed == [("start", None), ("end", "scheduler_lost"), ("start", None), ("end", None)]
