"""One daemon for the faults that it survives, and what is told of each try (``table.py``).

``--fault-repeats`` says how often each fault is tried; ``make faults`` asks for many.
"""

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


class Outcome:
    """What a test saw of its fault, for the table."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def recovered(self, seconds: float) -> None:
        """All was well again so long after the fault."""
        self._item.user_properties.append(("recovered_s", seconds))

    def lost(self, count: int) -> None:
        """So much was lost: events, frames or calls, as the row says."""
        self._item.user_properties.append(("lost", count))


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Outcome:
    return Outcome(request.node)


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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-repeats", type=int, default=1, help="how often each fault is tried")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    repeats = metafunc.config.getoption("--fault-repeats", 1)
    if repeats > 1 and metafunc.definition.get_closest_marker("fault"):
        metafunc.fixturenames.append("repeat")
        metafunc.parametrize("repeat", range(1, repeats + 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if marker := item.get_closest_marker("fault"):
            item.user_properties.append(("fault", marker.args))
