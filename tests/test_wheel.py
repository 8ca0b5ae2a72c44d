"""``pip install 'argusd[cpu]'`` from the built wheel: what a newcomer gets who has no clone."""

import os
import re
import signal
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .ports import free_port
from .waiting import LONGEST_S
from .wheel import ROOT, installed, run

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

# Of the repository alone: figures, how a GPU is borrowed, how a newcomer is timed, what compose.yaml mounts.
NOT_SHIPPED = (
    "benchmarks/results/",
    "benchmarks/device_check.sh",
    "benchmarks/newcomer.sh",
    "daemon/compose/",
)
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with installed("cpu", tmp_path_factory.mktemp("wheel")) as programs:
        yield programs


def test_it_holds_every_file_that_is_not_code(programs: Path) -> None:
    """Pages, manifests, units: a kind of file that package-data does not name is left out."""
    (site,) = programs.parent.glob("lib/python*/site-packages/argusd")
    tracked = subprocess.check_output(
        ["git", "ls-files", *SETUPTOOLS["package-dir"].values()], cwd=ROOT, text=True
    )
    wanted = {name for name in tracked.splitlines() if Path(name).suffix not in (".py", ".md")}
    there = {str(file.relative_to(site)) for file in site.rglob("*") if file.is_file()}
    missing = {name for name in wanted - there if not name.startswith(NOT_SHIPPED)}
    assert missing == set()


def test_what_is_installed_works_where_there_is_no_clone(programs: Path) -> None:
    assert run(programs / "argusd", "--version") == f"argusd {version('argusd')}\n"
    assert "silero_vad" in run(programs / "argusd", "models", "list")
    assert "argusd" in run(programs / "argusd", "completion", "bash")
    assert "kind: Deployment" in run(programs / "argusd", "kubernetes")
    assert not list(programs.parent.glob("lib/python*/site-packages/torch")), "it takes no PyTorch"


def test_it_serves_and_says_what(programs: Path, tmp_path: Path) -> None:
    ZooStore(load_config().cache_dir).pull(["default"])
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        str(programs / "argusd"),
        "serve",
        "--port",
        url.rpartition(":")[2],
        "--state-dir",
        str(tmp_path),
    ]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with subprocess.Popen(command, cwd="/", env=environment, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stderr is not None, "it is a pipe"
            up = next(line for line in daemon.stderr if " is up at " in line)
            assert re.search(rf"{url}, serves face, video, audio, lipsync and all \d+ tasks$", up)
            with urllib.request.urlopen(f"{url}/") as page:
                assert b"argusd" in page.read()
            with urllib.request.urlopen(f"{url}/guide/quickstart.html") as page:
                assert b"Quick start" in page.read()
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.communicate(timeout=LONGEST_S)
    assert daemon.returncode == 0
