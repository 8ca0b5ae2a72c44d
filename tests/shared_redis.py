"""A Redis as an operator runs it for several hosts: plain, without the limits of our own, on loopback."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from aiohttp.test_utils import unused_port
from redis.asyncio import Redis

from argusd.api.events.redis_store import connect, wait_until_up
from argusd.api.store.redis_process import find_server


@contextlib.contextmanager
def shared_redis(host: str = "127.0.0.1") -> Iterator[str]:
    """Its URL, for as long as the context lasts; a client has to await that it is up."""
    port = unused_port()
    settings = {"port": port, "bind": host, "save": "", "appendonly": "no", "protected-mode": "no"}
    arguments = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
    server = subprocess.Popen([find_server(), *arguments], cwd=Path("/"), stdout=subprocess.DEVNULL)
    try:
        yield f"redis://{host}:{port}"
    finally:
        server.kill()
        server.wait()


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Redis]:
    """A client of it, once it is up."""
    redis = connect(url, 5.0)
    await wait_until_up(redis)
    yield redis
    await redis.aclose()
