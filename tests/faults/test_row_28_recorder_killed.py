"""The recorder is killed: what is pending is made or given up, later evidence is kept, live work goes on."""

import contextlib
import time
from typing import Any

import aiohttp
import psutil
import pytest

from ..live_daemon import Daemon
from ..waiting import answered
from .outcome import Outcome
from .seen import Seen, get, nobody_there

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

KEPT = {"evidence": {"snapshot": True}}
OTHERS = ("api", "ingest-0", "scheduler-0")


async def absent_again(http: aiohttp.ClientSession, seen: Seen) -> str:
    """The id of what is kept of a violation that begins now."""
    for enabled, edge in ((False, "end"), (True, "start")):
        policy = {**KEPT, "face_absent": {"enabled": enabled}}
        async with http.put(f"/sessions/{seen.session_id}", json={"policy": policy}) as response:
            assert response.status == 200, await response.text()
        event = await seen.next("face_absent", edge)
    assert event.evidence_id
    return event.evidence_id


async def finished(daemon: Daemon, seen: Seen, evidence_id: str) -> tuple[str, str]:
    """State and reason of this evidence, once it is not pending any more."""

    async def ask() -> dict[str, Any]:
        return get(daemon, f"/sessions/{seen.session_id}/evidence/{evidence_id}")[1]

    found = await answered(ask, lambda found: found["state"] != "pending")
    return found["state"], found["reason"]


@pytest.mark.fault(28, "kill -9 recorder")
async def test_what_is_pending_comes_to_an_end_and_the_next_is_kept(daemon: Daemon, outcome: Outcome) -> None:
    others = [daemon.child(name).pid for name in OTHERS]
    async with nobody_there(daemon) as seen, aiohttp.ClientSession(daemon.url) as http:
        recorder = daemon.child("evidence")
        recorder.suspend()  # so that it is at work when it dies
        before = await absent_again(http, seen)
        with contextlib.suppress(psutil.NoSuchProcess):  # the supervisor may have lost patience with it
            recorder.kill()
        at = time.monotonic()
        assert await finished(daemon, seen, before) in [("failed", "lost"), ("ready", "")]
        outcome.recovered(time.monotonic() - at)
        after = await absent_again(http, seen)
        assert await finished(daemon, seen, after) == ("ready", "")
        assert get(daemon, f"/sessions/{seen.session_id}/evidence/chain")[1]["intact"]
        assert seen.lost == 0
        outcome.lost(seen.lost)
        async with http.delete(f"/sessions/{seen.session_id}") as response:
            assert response.status == 204
    assert [daemon.child(name).pid for name in OTHERS] == others
