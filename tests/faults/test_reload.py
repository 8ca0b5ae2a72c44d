"""The schedulers load their models anew while callers ask and a session is watched: nobody is refused."""

import asyncio
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import ARGUSD, Daemon
from ..scheduler.pages import page, png
from ..task_client import Client
from .seen import get, nobody_there, until

pytestmark = [pytest.mark.soak, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]


def reload(daemon: Daemon) -> "subprocess.CompletedProcess[str]":
    command = daemon.process.args
    assert isinstance(command, list)
    state_dir = Path(command[command.index("--state-dir") + 1])
    found = {"ARGUSD_STATE_DIR": str(state_dir), "ARGUSD_API__PORT": daemon.url.rpartition(":")[2]}
    return subprocess.run(
        [*ARGUSD, "reload"], env=os.environ | found, capture_output=True, text=True, check=False
    )


async def test_a_reload_refuses_nobody_and_the_session_goes_on(daemon: Daemon) -> None:
    client, over = Client(daemon), asyncio.Event()
    portrait = ZooStore(load_config().cache_dir).file("astronaut", "astronaut.png").read_bytes()
    document = png(page(["a line"]))
    said: Counter[tuple[str, int]] = Counter()

    async def ask(path: str, image: bytes) -> None:
        while not over.is_set():
            reply = await asyncio.to_thread(client.ask, path, image_b64=image)
            said[path, reply.status] += 1

    async def look() -> None:
        while not over.is_set():
            said["/ready", (await asyncio.to_thread(get, daemon, "/ready"))[0]] += 1
            await asyncio.sleep(0.05)

    await until(daemon, "/ready?tiers=live,bulk", lambda body: bool(body["ready"]))
    async with nobody_there(daemon) as seen:
        asking = [
            asyncio.create_task(each)
            for each in (ask("/face/embed", portrait), ask("/doc/ocr", document), look())
        ]
        done = await asyncio.to_thread(reload, daemon)
        assert (done.returncode, done.stderr) == (0, "")
        assert sorted(done.stdout.splitlines()) == ["scheduler-0 has reloaded", "scheduler-bulk has reloaded"]
        while len(seen.edges) < 3:
            await seen.next("face_absent")
        over.set()
        await asyncio.gather(*asking)
        assert get(daemon, f"/sessions/{seen.session_id}")[1]["state"] == "live"
    assert set(said) == {("/face/embed", 200), ("/doc/ocr", 200), ("/ready", 200)}
    assert seen.edges[:3] == [
        ("face_absent", "start", None),
        ("face_absent", "end", None),
        ("face_absent", "start", None),
    ]
    assert seen.lost == 0
