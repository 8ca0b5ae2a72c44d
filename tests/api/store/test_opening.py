"""A Redis that is not up yet when the api starts: it is awaited, and callers are told."""

import asyncio
import contextlib
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from argusd.api.assembly import put_together
from argusd.api.context import Context
from argusd.api.store.embedded_redis import EmbeddedRedis
from argusd.api.store.opening import either

from ...waiting import answered, until
from ..fixtures import RunningApi, make_config


async def test_a_redis_that_hangs_while_the_api_starts_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = EmbeddedRedis(tmp_path / "store")
    await server.start()
    await server.running.wait()

    def then_it_hangs(*given: Any) -> Context:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        return put_together(*given)

    monkeypatch.setattr("argusd.api.app.put_together", then_it_hangs)
    api = RunningApi(make_config(tmp_path, redis_url=f"unix://{server.socket}", redis_timeout_s=0.1))
    opened = asyncio.create_task(api.open())
    await until(lambda: "Redis does not tell yet what is stored: TimeoutError" in caplog.messages)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGCONT)
    await opened
    assert (await api.json("GET", "/sessions"))[0] == 200
    await api.close()
    await server.stop()


async def test_a_configured_redis_that_comes_up_later_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("argusd.api.events.redis_store.FIRST_ANSWER_S", 0.1)
    server = EmbeddedRedis(tmp_path / "store")
    api = RunningApi(make_config(tmp_path, redis_url=f"unix://{server.socket}"))
    opened = asyncio.create_task(api.open())
    await until(lambda: "Redis does not answer; check api.redis_url; it is awaited" in caplog.messages)
    async with aiohttp.ClientSession(api.url) as http:
        for path, status in (("/health", 200), ("/ready", 503), ("/sessions/s1", 503)):
            assert await answered(partial(status_of, http, path), bool) == status
        async with http.get("/ready") as response:
            assert (await response.json())["reasons"] == ["Redis does not answer; check api.redis_url"]
    await server.start()
    await opened
    assert (await api.json("GET", "/sessions"))[0] == 200
    await api.close()
    await server.stop()


async def status_of(http: aiohttp.ClientSession, path: str) -> int:
    with contextlib.suppress(aiohttp.ClientConnectionError):
        async with http.get(path) as response:
            return response.status
    return 0


async def test_who_stops_waiting_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(either(asyncio.Event(), asyncio.Event()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
