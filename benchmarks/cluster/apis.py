"""Real apis that share a Redis, as hosts on loopback, without schedulers: nothing is looked at."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from socket import create_server
from typing import Any, Literal

import aiohttp

TOKEN = "token-of-the-benchmark"  # noqa: S105 of apis that live as long as it does
UP_WITHIN_S = 120


@asynccontextmanager
async def running_host(
    folder: Path, host_id: str, redis: Path, whip: Literal["redirect", "relay"], *, media: bool = False
) -> AsyncIterator[str]:
    """One host's address; it takes as many offers as come. ``media``: with an ingest worker."""
    (folder / host_id).mkdir()
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = {
        "STATE_DIR": str(folder / host_id),
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__REDIS_URL": f"unix://{redis}",
        "API__TOKENS": f'[{{secret = "{TOKEN}"}}]',
        "API__WHIP_POSTS_PER_MINUTE": "1000000",
        "CLUSTER__HOST_ID": host_id,
        "CLUSTER__URL": url,
        "CLUSTER__WHIP": whip,
        "INGEST__ICE_ADDRESSES": '["127.0.0.1"]',
        "INGEST_WORKERS": "1",
    }
    environment = os.environ | {f"ARGUSD_{key}": value for key, value in settings.items()}
    async with AsyncExitStack() as running:
        for command in ("ingest", "api") if media else ("api",):
            await running.enter_async_context(running_process(command, environment))
        yield url


@asynccontextmanager
async def running_process(command: str, environment: dict[str, str]) -> AsyncIterator[None]:
    """A process of the daemon, until the context ends."""
    words = [sys.executable, "-P", "-m", "argusd.daemon", command]
    process = await asyncio.create_subprocess_exec(*words, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def until_up(http: aiohttp.ClientSession, holder: str, doors: list[str]) -> None:
    """Return once all of these hosts know each other, and the holder has its ingest worker."""
    async with asyncio.timeout(UP_WITHIN_S):
        for url in (holder, *doors):
            while len((await view(http, f"{url}/hosts")).get("hosts", [])) <= len(doors):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        while not (await view(http, f"{holder}/ready"))["workers"][0]["ready"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def view(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """What an api shows; nothing while it is not up."""
    try:
        async with http.get(url) as response:
            shown: dict[str, Any] = await response.json()
            return shown
    except aiohttp.ClientConnectorError:
        return {}
