"""One of many hosts is asked to end: what lives there goes on to its own end, and the daemon ends with it."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from argusd.daemon.config import load_config
from argusd.daemon.settings.sources import TOKEN_VARIABLE
from argusd.interviewer_bridge.events import bearer
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, next_event, started
from .ports import free_port
from .shared_redis import shared_redis
from .waiting import answered

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

TOKEN = "s3cret"
ENDS_WITHIN_S = 120  # on a busy machine

Answer = tuple[int, dict[str, Any]]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """The only host of a cluster, with a Redis that is not its own."""
    ZooStore(load_config().cache_dir).pull(["live"])
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    port = free_port()
    settings = {
        "API__TOKENS": f'[{{secret = "{TOKEN}"}}]',
        "API__PORT": str(port),
        "CLUSTER__URL": f"http://127.0.0.1:{port}",
        "CLUSTER__HOST_ID": "a",
    }
    with shared_redis() as redis, started(tmp_path, None, API__REDIS_URL=redis, **settings) as daemon:
        yield daemon


async def test_what_lives_goes_on_and_the_daemon_ends_with_the_last_of_it(host: Daemon) -> None:
    async with aiohttp.ClientSession(host.url, headers=bearer(TOKEN)) as http:

        async def asked(method: str, path: str) -> Answer:
            async with http.request(method, path, json={} if method == "PUT" else None) as response:
                return response.status, await response.json()

        with host.publishing("--synthetic", "lives") as publisher:
            await asyncio.to_thread(next_event, publisher, "live")
            host.process.send_signal(signal.SIGTERM)
            _, readiness = await answered(lambda: asked("GET", "/ready"), lambda answer: answer[0] == 503)
            assert readiness["reasons"] == ["the daemon drains"]
            assert (await asked("PUT", "/sessions/late"))[0] == 503
            found = await asyncio.to_thread(next_event, publisher, "face_absent", "closed", "session_lost")
            assert found["name"] == "face_absent", "it is watched as before"

            with host.publishing("--synthetic", "lives") as again:
                live = await asyncio.to_thread(next_event, again, "live", "closed", "session_lost")
                assert live["name"] == "live", "its publisher may come back"
                assert host.process.poll() is None
        assert await asyncio.to_thread(host.process.wait, ENDS_WITHIN_S) == 0
