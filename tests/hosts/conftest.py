"""Hosts on a switch, and clients of them at it."""

import contextlib
from collections.abc import AsyncIterator, Iterator

import aiohttp
import psutil
import pytest

from ..shared_redis import shared_redis
from .cluster import TOKEN, Cluster
from .network import Switch, require_namespaces


@pytest.fixture(scope="package")
def hosts_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Redis at the switch, and no hosts yet."""
    require_namespaces()
    with Switch() as switch, contextlib.ExitStack() as running:
        with switch.entered():
            redis_url = running.enter_context(shared_redis(switch.address))
        # Other tests' may live on beside it.
        servers = (child for child in psutil.Process().children() if child.name() == "redis-server")
        redis = max(servers, key=psutil.Process.create_time)
        cluster = Cluster(switch, redis_url, redis, tmp_path_factory.mktemp("hosts"))
        try:
            yield cluster
        finally:
            cluster.close()


@pytest.fixture
def cluster(hosts_of_all: Cluster) -> Iterator[Cluster]:
    """The same, for a test that works at the switch. Other tests do not: no way leads out of there."""
    with hosts_of_all.switch.entered():
        yield hosts_of_all


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that may do everything at every host, with as many connections as it wants."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        yield session
