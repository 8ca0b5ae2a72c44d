"""A browser in a network that lets no UDP out connects by TCP (RFC 6544)."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from argusd.ingest.config import IngestConfig
from argusd.ingest.worker import run_worker

from ..api.fakes import FakeScheduler
from ..api.fixtures import RunningApi, free_port, make_config
from .chromium import Browser, running
from .installed import require_program
from .media import Scene, write_camera, write_microphone

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


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """An api and an ingest worker; nobody looks at the media."""
    scheduler = FakeScheduler(tmp_path / "scheduler-rt.sock")
    stop, ready = asyncio.Event(), asyncio.Event()
    config = IngestConfig(runtime_dir=tmp_path, arena_mib=32, tcp_port=free_port())
    worker = asyncio.create_task(run_worker(config, stop, ready.set))
    await ready.wait()
    async with RunningApi(make_config(tmp_path)) as api:
        await api.until_ready()
        yield api
    scheduler.die()
    stop.set()
    await worker


async def test_a_browser_without_udp_publishes(
    api: RunningApi, behind_a_firewall: Browser, page: str
) -> None:
    async with behind_a_firewall.tab(page) as tab:
        assert await tab.run(f"publish({json.dumps(api.url + '/whip/s1')})") == 201
        await api.until("/sessions/s1", lambda body: body["state"] == "live")
        frames = "ml_ingest_frames_total{kind=video,worker_id=ingest-0}"
        while (await api.metrics()).get(frames, 0) < 30:  # noqa: ASYNC110 no event crosses HTTP
            await asyncio.sleep(0.1)
        used = await tab.run(
            "peer.getStats().then(stats => [...stats.values()]"
            ".filter(({type}) => type === 'local-candidate').map(({protocol}) => protocol))"
        )
        assert set(used) == {"tcp"}
        await tab.close()
        await api.until("/sessions/s1", lambda body: body["state"] == "closed")
