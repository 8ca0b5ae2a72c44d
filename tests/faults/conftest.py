"""One daemon for the faults that it survives."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from argusd.daemon.config import load_config
from argusd.ingest.config import IngestConfig
from argusd.scheduler.zoo.store import ZooStore

from ..ingest.conftest import Rig
from ..live_daemon import Daemon, started
from .engine_faults import EngineFaults


@pytest.fixture(scope="package")
def engine_faults(tmp_path_factory: pytest.TempPathFactory) -> EngineFaults:
    return EngineFaults(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="package")
def daemon(tmp_path_factory: pytest.TempPathFactory, engine_faults: EngineFaults) -> Iterator[Daemon]:
    """A running daemon that each test leaves healthy, whose engines can be broken."""
    ZooStore(load_config().cache_dir).pull(["live", "registry", "sample"])
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            for name, value in engine_faults.environment.items():
                patched.setenv(name, value)
            daemon = stack.enter_context(started(tmp_path_factory.mktemp("state"), SCHEDULER__HANG_S="6"))
        yield daemon


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Rig]:
    """An ingest worker in this process, with its controller and reader."""
    rig = Rig(IngestConfig(runtime_dir=tmp_path, arena_mib=32, ice_addresses=("127.0.0.1",)))
    await rig.start()
    yield rig
    await rig.close()
