"""Each process's own work, run here: whoever watches it is told that it goes on, by that work itself."""

import asyncio
from pathlib import Path

import pytest

from argusd.daemon.commands.processes import entry_of
from argusd.daemon.config import Config, resolve

from ...ports import free_port


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A daemon without models."""
    (tmp_path / "run").mkdir()
    return resolve(
        {
            "ARGUSD_STATE_DIR": str(tmp_path),
            "ARGUSD_CACHE_DIR": str(tmp_path / "cache"),
            "ARGUSD_API__PORT": str(free_port()),
        }
    )


@pytest.mark.parametrize("command", ["api", "ingest", "scheduler"])
async def test_its_loop_tells_of_every_pass(command: str, config: Config) -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    passes: asyncio.Queue[None] = asyncio.Queue()
    entry = entry_of(command, 0, "live", config)
    work = asyncio.ensure_future(entry(stop, ready.set, lambda: passes.put_nowait(None)))
    async with asyncio.timeout(60):
        await ready.wait()
        for _ in range(3):
            await passes.get()
        stop.set()
        await work
