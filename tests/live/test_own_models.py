"""The worked example of docs/models.md: a model of a site's own serves without a restart."""

import http.client
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import ARGUSD, Daemon, started
from ..waiting import LONGEST_S
from .model_cache import linked_cache

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

GUIDE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
TABLES = [block for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL) if "[[models]]" in block]
COMMANDS = re.findall(r"^argusd (.*?) +#", GUIDE, re.MULTILINE)


@pytest.fixture(scope="module")
def settings(models: ZooStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A configuration of its own, and a cache to which a model can be added."""
    folder = tmp_path_factory.mktemp("etc")
    (folder / "argusd.toml").touch()
    return {"CONFIG": str(folder / "argusd.toml"), "CACHE_DIR": str(linked_cache(folder / "cache"))}


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


@pytest.fixture(scope="module")
def daemon(settings: dict[str, str], state_dir: Path) -> Iterator[Daemon]:
    with started(state_dir, None, **settings) as daemon:
        yield daemon


def vad(daemon: Daemon) -> str:
    """The model that hears speech."""
    connection = http.client.HTTPConnection(urlsplit(daemon.url).netloc, timeout=LONGEST_S)
    connection.request("GET", "/ready")
    roles: list[dict[str, str]] = msgspec.json.decode(connection.getresponse().read())["roles"]
    connection.close()
    found = [role["model"] for role in roles if role["role"] == "vad"]
    return found[0] if found else vad(daemon)  # the api has not heard of the scheduler yet


def test_a_model_that_the_guide_adds_fills_its_role_after_a_reload(
    daemon: Daemon, settings: dict[str, str], state_dir: Path, models: ZooStore
) -> None:
    assert vad(daemon) == "silero_vad"
    published = models.path("silero_vad")
    text = TABLES[0].replace("/srv/models/house_vad.onnx", str(published))
    Path(settings["CONFIG"]).with_name("models.toml").write_text(text)

    environment = {f"ARGUSD_{key}": value for key, value in settings.items()} | os.environ
    environment |= {"ARGUSD_STATE_DIR": str(state_dir), "ARGUSD_API__PORT": daemon.url.rpartition(":")[2]}
    assert COMMANDS == ["models pull house_vad", "reload"]
    for command in COMMANDS:
        subprocess.run([*ARGUSD, *command.split()], env=environment, check=True)

    assert vad(daemon) == "house_vad"
    listed = subprocess.run(
        [*ARGUSD, "models", "list", "--json"], env=environment, check=True, capture_output=True, text=True
    )
    costs = {
        model["name"]: model["look_ms"] for model in map(msgspec.json.decode, listed.stdout.splitlines())
    }
    assert costs["house_vad"] > 0
