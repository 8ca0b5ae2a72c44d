"""Redis goes away and comes back under a running api."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.api.events.embedded_redis import EmbeddedRedis

from ..fixtures import OFFER, SDP, Rig, running_rig


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    """A Redis that tests may hurt; the api connects to it as to any configured one."""
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def rig(tmp_path: Path, server: EmbeddedRedis) -> AsyncIterator[Rig]:
    url = f"unix://{server.socket}"
    async with running_rig(tmp_path, redis_url=url, redis_timeout_s=0.2, journal_entries=50) as rig:
        yield rig


def process_of(server: EmbeddedRedis) -> int:
    assert server.pid is not None
    return server.pid


async def numbers_after(rig: Rig, seq: int, count: int) -> list[int]:
    async with rig.api.events("/sessions/s1/events", f"s1:{seq}") as events:
        return [event["data"]["number"] for _, _, event in await events.take(count)]


async def test_what_is_found_while_redis_hangs_is_stored_afterwards(rig: Rig, server: EmbeddedRedis) -> None:
    await rig.api.publish("s1")
    os.kill(process_of(server), signal.SIGSTOP)
    try:
        for _ in range(20):
            rig.scheduler.find("s1")
        readiness = await rig.api.until("/ready", lambda body: body["buffered_events"] > 0)
        assert readiness["reasons"] == ["Redis does not answer; events wait in memory"]
        status, body = await rig.api.json("PUT", "/sessions/s2")
        assert (status, body["error_code"]) == (503, "store_unavailable")
    finally:
        os.kill(process_of(server), signal.SIGCONT)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 20)
    assert await numbers_after(rig, 1, 20) == list(range(1, 21))
    await rig.api.until_ready()


async def test_a_killed_redis_comes_back_with_everything(rig: Rig, server: EmbeddedRedis) -> None:
    await rig.api.publish("s1")
    for _ in range(10):
        for _ in range(10):
            rig.scheduler.find("s1")
        before = process_of(server)
        os.kill(before, signal.SIGKILL)
        last = rig.scheduler.find("s1").number
        await rig.scheduler.until(lambda last=last: rig.scheduler.acked == last)  # type: ignore[misc]
    assert await numbers_after(rig, 1, 110) == list(range(1, 111))


async def test_what_the_buffer_cannot_hold_is_told_as_a_gap(rig: Rig, server: EmbeddedRedis) -> None:
    await rig.api.publish("s1")
    os.kill(process_of(server), signal.SIGSTOP)
    try:
        for _ in range(200):
            rig.scheduler.find("s1")
        await rig.api.until("/ready", lambda body: body["buffered_events"] >= 50)
    finally:
        os.kill(process_of(server), signal.SIGCONT)
    await rig.scheduler.until(lambda: rig.scheduler.acked == 200)
    async with rig.api.events("/sessions/s1/events", "s1:1") as events:
        missed, seen = 0, 0
        while missed + seen < 200:
            _, kind, data = await events.next()
            missed += data["missed"] if kind == "gap" else 0
            seen += kind == ""
    assert seen >= 50
    assert data["seq"] == 201
    assert data["data"]["number"] == 200


async def test_publishing_while_redis_hangs_is_refused_and_undone(rig: Rig, server: EmbeddedRedis) -> None:
    os.kill(process_of(server), signal.SIGSTOP)
    try:
        async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
            assert (response.status, (await response.json())["error_code"]) == (503, "store_unavailable")
            assert response.headers["Retry-After"] == "2"
    finally:
        os.kill(process_of(server), signal.SIGCONT)
    assert rig.worker.closed == ["s1"]
    await rig.api.until_ready()
    await rig.api.publish("s1")
