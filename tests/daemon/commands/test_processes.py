"""Each process's own work, run here: whoever watches it is told that it goes on, by that work itself."""

import asyncio
import subprocess
import sys
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


def test_what_runs_the_models_loads_no_http_library() -> None:
    """A daemon has several such processes: what each loads beyond its work is paid for so often."""
    modules = (
        "daemon.cli",
        "daemon.commands.processes",
        "scheduler.runtime.service",
        "scheduler.recorder.service",
    )
    script = f"import sys; {'; '.join(f'import argusd.{name}' for name in modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"aiohttp", "aiortc", "jwt", "redis", "torch"} == set()
