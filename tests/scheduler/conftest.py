"""Models for the tests that need real weights."""

from collections.abc import AsyncIterator

import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.zoo.store import ZooStore

from .bench import Bench
from .recordings import Runner, Runners


@pytest.fixture(scope="session")
def store() -> ZooStore:
    """A store that holds the packs live and sample, pulled into a cache that outlives the tests."""
    store = ZooStore(load_config().cache_dir)
    store.pull(["live", "sample"])
    return store


@pytest.fixture(scope="session")
def runners(store: ZooStore) -> Runners:
    """Makes the runner of each role's best model once; a model's own name does as well."""
    made: dict[str, Runner] = {}

    def get(role: str) -> Runner:
        if role not in made:
            made[role] = Runner(store, role if role in MODELS else store.choose(role))
        return made[role]

    return get


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.executor.close()
