"""Redis is killed, or hangs: media and findings go on, and are stored in order when it is back."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import psutil
import pytest

from argusd.api.store.embedded_redis import EmbeddedRedis

from ..api.fixtures import EventReader, running_rig
from ..live_daemon import Daemon
from ..waiting import answered
from .outcome import Outcome

WITHIN_S = 5.0
ANSWERS = 5


def redis_of(daemon: Daemon) -> psutil.Process:
    (server,) = daemon.child("api").children()
    return server


class Watched:
    """A camera at the daemon's face stream, which answers every picture."""

    def __init__(self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.http = http
        self._socket = socket
        self._picture = cv2.imencode(".jpg", np.full((120, 160, 3), 90, np.uint8))[1].tobytes()

    async def answers(self) -> None:
        """Show pictures until so many have been answered."""
        for _ in range(ANSWERS):
            await self._socket.send_bytes(self._picture)
            assert "violations" in await self._socket.receive_json()

    async def ready(self) -> Any:
        async with self.http.get("/ready") as response:
            return await response.json()

    async def numbers(self, session: str) -> list[int]:
        """The seqs of the session's events, up to its end."""
        seen: list[int] = []
        async with self.http.get(f"/sessions/{session}/events", params={"after": "0"}) as response:
            reader = EventReader(response)
            while True:
                _, kind, event = await reader.next()
                assert kind == ""
                seen.append(event["seq"])
                if event["name"] == "closed":
                    return seen


@contextlib.asynccontextmanager
async def watched(daemon: Daemon, session: str) -> AsyncIterator[Watched]:
    async with aiohttp.ClientSession(daemon.url) as http:
        async with http.ws_connect(f"/ml/stream/{session}/face") as socket:
            camera = Watched(http, socket)
            await camera.answers()
            yield camera
            await camera.answers()
        seen = await camera.numbers(session)
        assert seen == list(range(1, len(seen) + 1))
        async with http.delete(f"/sessions/{session}") as response:
            assert response.status == 204


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.fault(4, "SIGSTOP Redis")
async def test_what_is_found_while_redis_hangs_waits(daemon: Daemon, outcome: Outcome) -> None:
    async with watched(daemon, "hung") as camera:
        redis = redis_of(daemon)
        redis.suspend()
        try:
            readiness = await answered(camera.ready, lambda body: body["buffered_events"] > 0)
            await camera.answers()
            assert readiness["reasons"] == ["Redis does not answer; events wait in memory"]
        finally:
            redis.resume()
        await recovered(camera, outcome, time.monotonic())


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.fault(4, "kill -9 Redis")
async def test_a_killed_redis_is_started_again(daemon: Daemon, outcome: Outcome) -> None:
    async with watched(daemon, "killed") as camera:
        killed = redis_of(daemon)
        since = time.monotonic()
        killed.kill()
        killed.wait()
        answering = asyncio.create_task(camera.answers())
        await recovered(camera, outcome, since)
        await answering
        assert redis_of(daemon).pid != killed.pid


async def recovered(camera: Watched, outcome: Outcome, since: float) -> None:
    """Everything that waited is stored again."""
    await answered(camera.ready, lambda body: body["redis"] and not body["buffered_events"])
    took_s = time.monotonic() - since
    outcome.recovered(took_s)
    outcome.lost(0)
    outcome.took("all that waited is stored", took_s, WITHIN_S)


@pytest.mark.fault(4, "SIGSTOP Redis until the buffer is full")
async def test_what_the_buffer_could_not_hold_is_a_gap(tmp_path: Path, outcome: Outcome) -> None:
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    await server.running.wait()
    changes = {"redis_url": f"unix://{server.socket}", "redis_timeout_s": 0.2, "journal_entries": 50}
    async with running_rig(tmp_path, **changes) as rig:
        await rig.api.publish("s1")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        try:
            for _ in range(200):
                rig.scheduler.find("s1")
            await rig.api.until("/ready", lambda body: body["buffered_events"] >= 50)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        began = time.monotonic()
        await rig.scheduler.until(lambda: rig.scheduler.acked == 200)
        outcome.recovered(time.monotonic() - began)
        seen: list[int] = []
        missed = 0
        async with rig.api.events("/sessions/s1/events", "s1:1") as events:
            while missed + len(seen) < 200:
                _, kind, data = await events.next()
                if kind == "gap":
                    missed += data["missed"]
                else:
                    seen.append(data["data"]["number"])
        outcome.lost(missed)
        assert missed == (await rig.api.metrics())["ml_events_lost_total"] > 0
        assert seen[-1] == 200
        assert all(before < after for before, after in pairwise(seen))
    await server.stop()
