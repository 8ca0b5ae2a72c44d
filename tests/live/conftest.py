"""One daemon for all files here that only ask it things."""

from collections.abc import Iterator

import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import Daemon, started
from ..task_client import Client


@pytest.fixture(scope="session")
def models() -> ZooStore:
    """With everything that the daemons of this folder need."""
    store = ZooStore(load_config().cache_dir)
    store.pull(["live", "registry", "sample"])
    return store


@pytest.fixture(scope="package")
def daemon(models: ZooStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with started(tmp_path_factory.mktemp("state")) as daemon:
        yield daemon


@pytest.fixture(scope="package")
def client(daemon: Daemon) -> Client:
    return Client(daemon)
