"""What must stay secret, through a whole daemon: nothing that it prints, serves or shows in ``ps`` has it."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import started
from .waiting import LONGEST_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

CANARY = "c4n4ry"
SECRETS = {
    "HUGGINGFACE_TOKEN": f"hf_{CANARY}",
    "PROXYLLM_URL": "http://127.0.0.1:1/v1",
    "PROXYLLM_KEY": f"sk-{CANARY}",
    "PROXYLLM_MODEL": "judge",
    "ARGUSD_API__TOKENS": f'[{{secret = "{CANARY}"}}]',
    "ARGUSD_INGEST__ICE_SERVERS": f'[{{urls = ["turn:localhost"], username = "a", credential = "{CANARY}"}}]',
    "ARGUSD_LOG_LEVEL": "debug",
}
OVERVIEWS = ("/", "/health", "/ready", "/metrics", "/openapi.json", "/sessions")


def served(url: str, path: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONGEST_S)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {CANARY}"})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_no_secret_is_logged_served_or_put_on_a_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ZooStore(load_config().cache_dir).pull(["live"])
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with started(tmp_path) as daemon:
        shown = {path: served(daemon.url, path) for path in OVERVIEWS}
        processes = psutil.Process(daemon.process.pid).children(recursive=True)
        lines = [" ".join(process.cmdline()) for process in processes]
    logged = "".join(capfd.readouterr())

    assert "listening on" in logged  # it is the log that we looked into
    assert len(lines) >= 3
    assert all(shown.values())
    for text in (logged, *lines, *shown.values()):
        assert CANARY not in text
