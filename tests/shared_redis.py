"""A Redis as an operator runs it for several hosts: plain, without the limits of our own, on loopback."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from redis.asyncio import Redis

from argusd.api.events.redis_store import connect, wait_until_up
from argusd.api.store.redis_process import find_server

from .ports import free_port

UP = b"Ready to accept connections"
TRIES = 5  # another test may take the port between two of ours


@contextlib.contextmanager
def shared_redis(host: str = "127.0.0.1", **more: str) -> Iterator[str]:
    """Its URL, for as long as the context lasts. ``more``: settings besides ours, ``_`` in place of ``-``."""
    for _ in range(TRIES):
        port = free_port()
        settings = {"port": port, "bind": host, "save": "", "appendonly": "no", "protected-mode": "no"}
        settings |= {name.replace("_", "-"): value for name, value in more.items()}
        arguments = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
        with subprocess.Popen([find_server(), *arguments], cwd=Path("/"), stdout=subprocess.PIPE) as server:
            assert server.stdout is not None, "it is a pipe"
            if any(UP in line for line in server.stdout):
                try:
                    yield f"redis://{host}:{port}"
                finally:
                    server.kill()
                return
    raise AssertionError("no Redis came up")


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Redis]:
    """A client of it, once it is up."""
    redis = connect(url, 5.0)
    await wait_until_up(redis)
    yield redis
    await redis.aclose()
