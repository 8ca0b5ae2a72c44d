"""A Redis as operators run it for many hosts, and what it costs."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from redis.asyncio import Redis

from argusd.api.events.redis_store import connect, wait_until_up
from argusd.api.store.redis_process import find_server


class Spent(NamedTuple):
    """Until now: CPU seconds and commands of the server; ``bytes`` is what it holds."""

    cpu_s: float
    commands: int
    bytes: int


class Store(NamedTuple):
    """A running server, a client of it, and where others reach it."""

    redis: Redis
    server: psutil.Process
    socket: Path

    async def spent(self) -> Spent:
        """What it has cost so far."""
        info = await self.redis.info()
        cpu = self.server.cpu_times()
        return Spent(cpu.user + cpu.system, info["total_commands_processed"], info["used_memory"])


@asynccontextmanager
async def running_store() -> AsyncIterator[Store]:
    """A server of its own, empty, which keeps nothing on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        words = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        server = await asyncio.create_subprocess_exec(
            find_server(), *words, stdout=asyncio.subprocess.DEVNULL
        )
        redis = connect(socket, 5.0, most=256)
        try:
            await wait_until_up(redis)
            yield Store(redis, psutil.Process(server.pid), socket)
        finally:
            await redis.aclose()
            server.kill()
            await server.wait()
