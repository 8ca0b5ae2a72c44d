"""Models for the tests that need real weights."""

import os
from pathlib import Path

import pytest

from argusd.scheduler.zoo.store import ZooStore


@pytest.fixture(scope="session")
def store() -> ZooStore:
    """A store that holds the packs live and sample, pulled into a cache that outlives the tests."""
    cache_dir = os.environ.get("ARGUSD_CACHE_DIR")
    store = ZooStore(Path(cache_dir) if cache_dir else Path.home() / ".cache" / "argusd")
    store.pull(["live", "sample"])
    return store
