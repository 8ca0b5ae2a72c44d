"""Where no UDP gets through, Chromium and GStreamer (libnice) connect by TCP (RFC 6544)."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from argusd.ingest.config import IngestConfig
from argusd.ingest.process import run_worker

from ..api.fakes import FakeScheduler
from ..api.fixtures import RunningApi, make_config
from ..ports import free_port
from ..waiting import answered
from .chromium import running
from .installed import SYSTEM_PYTHON, require_gstreamer, require_program
from .media import Scene, write_camera, write_microphone
from .program import publishing
from .remote import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"


@pytest.fixture
def behind_a_firewall(seen: Scene, tmp_path: Path) -> Iterator[Browser]:
    require_program("chromium")
    camera, microphone = tmp_path / "camera.mjpeg", tmp_path / "microphone.wav"
    write_camera(seen, camera)
    write_microphone(seen, microphone)
    with running(tmp_path / "profile", camera, microphone, NO_UDP) as browser:
        yield browser


@asynccontextmanager
async def running_api(folder: Path, **settings: Any) -> AsyncIterator[RunningApi]:
    """An api and an ingest worker that takes TCP; nobody looks at the media."""
    scheduler = FakeScheduler(folder / "scheduler-0.sock")
    stop, ready = asyncio.Event(), asyncio.Event()
    config = IngestConfig(runtime_dir=folder, arena_mib=32, tcp_port=free_port(), **settings)
    worker = asyncio.create_task(run_worker(config, stop, ready.set))
    await ready.wait()
    async with RunningApi(make_config(folder)) as api:
        await api.until_ready()
        yield api
    scheduler.die()
    stop.set()
    await worker


async def shows_pictures(api: RunningApi, session_id: str) -> None:
    await api.until(f"/sessions/{session_id}", lambda body: body.get("state") == "live")
    frames = "ml_ingest_frames_total{kind=video,worker_id=ingest-0}"
    await answered(api.metrics, lambda samples: samples.get(frames, 0) >= 30)


async def test_a_browser_without_udp_publishes(behind_a_firewall: Browser, page: str, tmp_path: Path) -> None:
    async with running_api(tmp_path) as api, behind_a_firewall.tab(page) as tab:
        assert await tab.run(f"publish({json.dumps(api.url + '/whip/s1')})") == 201
        await shows_pictures(api, "s1")
        used = await tab.run(
            "peer.getStats().then(stats => [...stats.values()]"
            ".filter(({type}) => type === 'local-candidate').map(({protocol}) => protocol))"
        )
        assert set(used) == {"tcp"}
        await tab.close()
        await api.until("/sessions/s1", lambda body: body["state"] == "closed")


@contextmanager
def taken_ports() -> Iterator[str]:
    """A range of UDP ports that another program uses at every address."""
    kind = (socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(*kind) as first, socket.socket(*kind) as last:
        first.bind(("0.0.0.0", 0))
        port = first.getsockname()[1]
        last.bind(("0.0.0.0", port + 1))
        yield f"{port}-{port + 1}"


async def test_gstreamer_connects_to_a_daemon_that_has_no_udp_port_left(clip: Path, tmp_path: Path) -> None:
    require_gstreamer()
    with taken_ports() as ports:
        async with running_api(tmp_path, udp_ports=ports, ice_addresses=("127.0.0.1",)) as api:
            whip = f"{api.url}/whip/s1"
            async with publishing(SYSTEM_PYTHON, "gstreamer_publisher.py", whip, str(clip), "vp8") as peer:
                await peer.says("published")
                await peer.says("connected")
                await shows_pictures(api, "s1")
                await peer.leave()
                await api.until("/sessions/s1", lambda body: body["state"] == "closed")
