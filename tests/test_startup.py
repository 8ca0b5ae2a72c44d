"""Live streams are served before the bulk tier's tasks are, and ``/ready`` tells the two apart."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from argusd.daemon.config import load_config
from argusd.interviewer_bridge import MLOrchestratorClient
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import READY_WITHIN_S, Daemon, starting
from .task_client import Client

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


def first_child(daemon: Daemon, name: str) -> psutil.Process:
    """The child of this name, as soon as it is there."""
    while True:
        with suppress(StopIteration, psutil.NoSuchProcess):
            return daemon.child(name)
        time.sleep(0.01)


async def answer(daemon: Daemon, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession(daemon.url) as http, http.get(path) as response:
        return response.status, await response.json()


async def until_live(daemon: Daemon) -> Any:
    """What ``/ready`` says as soon as it says yes."""
    while True:
        with suppress(aiohttp.ClientConnectionError):
            status, readiness = await answer(daemon, "/ready")
            if status == 200:
                return readiness
        await asyncio.sleep(0.05)


async def test_who_waits_for_the_whole_of_ready_meets_no_missing_worker(tmp_path: Path) -> None:
    store = ZooStore(load_config().cache_dir)
    store.pull(["live", "registry", "sample"])
    page = store.file("astronaut", "astronaut.png").read_bytes()
    with starting(tmp_path) as daemon, ThreadPoolExecutor(1) as pool:
        bulk = first_child(daemon, "scheduler-bulk")
        bulk.suspend()  # it is still loading, for as long as this test likes
        readiness = await until_live(daemon)
        assert readiness["ready"]
        assert readiness["live"] == {"ready": True, "reasons": []}
        assert readiness["bulk"] == {"ready": False, "reasons": ["scheduler-bulk does not answer"]}
        status, whole = await answer(daemon, "/ready?tiers=live,bulk")
        assert (status, whole["ready"], whole["reasons"]) == (503, False, ["scheduler-bulk does not answer"])
        async with MLOrchestratorClient(daemon.url, timeout_s=READY_WITHIN_S) as client:
            waiting = asyncio.create_task(client.wait_until_ready())
            early = await asyncio.wrap_future(pool.submit(Client(daemon).ask, "/doc/ocr", image_b64=page))
            assert (early.status, early.answer["error_code"]) == (503, "worker_gone")
            assert not waiting.done()
            bulk.resume()
            await waiting
            reply = await asyncio.wrap_future(pool.submit(Client(daemon).ask, "/doc/ocr", image_b64=page))
        assert (reply.status, reply.answer["error"]) == (200, None)
