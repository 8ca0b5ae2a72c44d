"""An ingest worker is killed: its sessions are lost and told so, no others; the next one takes them again."""

import secrets
import time

import aiohttp
import pytest

from ..api.streams.clients import jpeg
from ..live_daemon import Daemon
from ..waiting import LONGEST_S
from ..waiting import until as until_true
from .outcome import Outcome
from .seen import Seen, get, nobody_there, until

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


def arenas(daemon: Daemon) -> int:
    """Bytes of shared memory that the scheduler maps."""
    maps = daemon.child("scheduler-0").memory_maps()
    return sum(each.size for each in maps if each.path.startswith("/memfd:"))


@pytest.mark.fault(1, "kill -9 ingest")
async def test_its_sessions_alone_are_lost_and_the_worker_comes_back(
    daemon: Daemon, outcome: Outcome
) -> None:
    other = f"socket-{secrets.token_hex(4)}"
    async with (
        nobody_there(daemon) as lost,
        aiohttp.ClientSession(daemon.url) as http,
        http.ws_connect(f"/ml/stream/{other}/face") as socket,
    ):
        await socket.send_bytes(jpeg())
        await socket.receive_json(timeout=LONGEST_S)
        mapped, killed = arenas(daemon), daemon.child("ingest-0")
        at = time.monotonic()
        killed.kill()
        told = await lost.next("session_lost")
        outcome.recovered(time.monotonic() - at)
        assert told.data["reason"] == "worker_gone"
        if len(lost.edges) == 1:  # the scheduler and the api see it at the same moment
            await lost.next("face_absent", "end")
        await until(daemon, "/health", lambda body: bool(body["workers"][0]["ready"]))
        await socket.send_bytes(jpeg())
        while (await socket.receive_json(timeout=LONGEST_S))["face_count"] is None:
            pass  # it was silent for a while, and is told so
        assert get(daemon, f"/sessions/{other}")[1]["state"] == "live"
        await until_true(lambda: arenas(daemon) == mapped)
    untouched = Seen(daemon, other)
    await untouched.next("closed")
    await untouched.aclose()
    assert "session_lost" not in {event.name for event in untouched.events}
    outcome.lost(lost.lost)
    assert lost.lost == 0
    async with nobody_there(daemon):
        pass
