"""Clients that disconnect before their answer."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from argusd.api.connections.disconnects import disconnects

from ...ports import free_port


class Works:
    """Two handlers that take until ``go``; how each ended is put into ``ends``."""

    def __init__(self) -> None:
        self.url = ""
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.ends: asyncio.Queue[str] = asyncio.Queue()

    async def task(self, _request: web.Request) -> web.Response:
        return await self._work("task")

    async def change(self, _request: web.Request) -> web.Response:
        return await self._work("change")

    async def _work(self, name: str) -> web.Response:
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ends.put_nowait(f"{name} given up")
            raise
        self.ends.put_nowait(f"{name} done")
        return web.Response()


@pytest.fixture
async def works() -> AsyncIterator[Works]:
    works = Works()
    app = web.Application(middlewares=[disconnects({works.task})])
    app.router.add_post("/task", works.task)
    app.router.add_put("/change", works.change)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    works.url = f"http://127.0.0.1:{port}"
    yield works
    await runner.cleanup()


async def ask_and_hang_up(works: Works, method: str, path: str) -> None:
    async with aiohttp.ClientSession(works.url) as http:
        asking = asyncio.create_task(http.request(method, path))
        await works.begun.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_task_nobody_waits_for_is_given_up(works: Works) -> None:
    await ask_and_hang_up(works, "POST", "/task")
    assert await works.ends.get() == "task given up"


async def test_a_change_that_was_begun_is_finished(works: Works) -> None:
    await ask_and_hang_up(works, "PUT", "/change")
    works.go.set()
    assert await works.ends.get() == "change done"
