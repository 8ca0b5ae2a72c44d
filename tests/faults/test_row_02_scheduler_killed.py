"""A scheduler is killed: calls in flight are told to come again, sessions and what they asked for go on."""

import asyncio
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import Daemon
from ..task_client import Client, Reply
from .outcome import Outcome
from .seen import get, nobody_there, until

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

CALLS = 4


def portrait() -> bytes:
    return ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png").read_bytes()


def refusals(replies: list[Reply]) -> set[tuple[int, str, bool]]:
    """Status, code, and whether it says when to come again."""
    return {(reply.status, reply.answer["error_code"], "Retry-After" in reply.headers) for reply in replies}


@pytest.mark.fault(2, "kill -9 scheduler")
async def test_calls_come_again_and_sessions_survive_with_all_they_asked_for(
    daemon: Daemon, outcome: Outcome
) -> None:
    client, scan_id, loop = Client(daemon), secrets.token_hex(4), asyncio.get_running_loop()
    scan = {"scan_id": scan_id, "frame_b64": portrait()}
    first = await asyncio.to_thread(client.result, "/video/room-scan/frame", **scan)
    assert first["frames"] == 1
    async with nobody_there(daemon) as seen, aiohttp.ClientSession(daemon.url) as http:
        path = f"/sessions/{seen.session_id}"
        asked = {"streams": ["face", "audio"], "policy": {"weight": 2.0}}
        async with http.put(path, json=asked) as response:
            assert response.status == 200, await response.text()
            version = (await response.json())["policy_version"]
        await until(daemon, path, lambda body: body["policy_in_force"] == version)
        with ThreadPoolExecutor(CALLS) as callers:
            scheduler = daemon.child("scheduler-0")
            scheduler.suspend()  # so that all calls are at work when it dies
            calls = [
                loop.run_in_executor(callers, lambda: client.ask("/face/embed", image_b64=portrait()))
                for _ in range(CALLS)
            ]
            await until(daemon, "/health", lambda body: body["workers"][1]["tasks"] == CALLS)
            at = time.monotonic()
            scheduler.kill()
            assert refusals(await asyncio.gather(*calls)) == {(503, "worker_gone", True)}
        assert get(daemon, path)[1]["state"] == "live"
        await seen.next("face_absent", "start")
        outcome.recovered(time.monotonic() - at)
        outcome.lost(seen.lost)
        absent = [edge for edge in seen.edges if edge[0] == "face_absent"]
        assert absent == [
            ("face_absent", "start", None),
            ("face_absent", "end", "scheduler_lost"),
            ("face_absent", "start", None),
        ]
        assert "session_lost" not in {event.name for event in seen.events}
        assert seen.lost == 0
        await until(daemon, path, lambda body: body["policy_in_force"] == version)
        shown = get(daemon, path)[1]
        assert (shown["streams"], shown["state"]) == (["face", "audio"], "live")
    again = await asyncio.to_thread(client.result, "/video/room-scan/frame", **scan)
    assert (again["frames"], again["reference_stored"]) == (2, False)
