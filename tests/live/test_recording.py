"""The commands of docs/replay.md that record a session of a daemon, and play it again."""

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from argusd.daemon.recordings.findings import read
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import ARGUSD, Daemon, next_event, started

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

GUIDE = (Path(__file__).parents[2] / "docs" / "replay.md").read_text()
COMMANDS = re.findall(r"^argusd (.*exam-1.*)$", GUIDE, re.MULTILINE)


@pytest.fixture(scope="module")
def daemon(models: ZooStore, state_dir: Path) -> Iterator[Daemon]:
    with started(state_dir) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


def argusd(
    command: str, folder: Path, state_dir: Path, **settings: str
) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"ARGUSD_STATE_DIR": str(state_dir)} | settings
    words = [*ARGUSD, *command.split()]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_session_is_recorded_and_played_again(daemon: Daemon, state_dir: Path, tmp_path: Path) -> None:
    record, replay = COMMANDS
    with daemon.publishing("sample", "exam-1") as publisher:
        next_event(publisher, "live")
        done = argusd(record.replace("120", "13"), tmp_path, state_dir, ARGUSD_RECORDING="true")
    assert done.returncode == 0, done.stderr
    seconds, pictures = re.findall(r"([\d.]+) s, (\d+) pictures", done.stdout)[0]
    assert float(seconds) >= 13
    assert int(pictures) > 20
    assert stat.S_IMODE((tmp_path / "exam-1.mkv").stat().st_mode) == 0o600
    first, second = (argusd(f"{replay} --json", tmp_path, state_dir) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert "multiple_faces" in {each.name for each in read(first.stdout.encode())}


def test_nothing_is_recorded_unless_the_configuration_allows_it(tmp_path: Path) -> None:
    done = argusd(COMMANDS[0], tmp_path, tmp_path)
    assert done.returncode == 2
    assert "set recording = true in the configuration" in done.stderr
    assert not (tmp_path / "exam-1.mkv").exists()


@pytest.mark.usefixtures("daemon")
def test_a_session_that_sends_nothing_is_told_in_words(state_dir: Path, tmp_path: Path) -> None:
    done = argusd(COMMANDS[0].replace("exam-1 ", "exam-2 "), tmp_path, state_dir, ARGUSD_RECORDING="true")
    assert done.returncode == 1
    assert "exam-2 sends nothing here" in done.stderr
    assert not (tmp_path / "exam-1.mkv").exists()


def test_a_daemon_that_does_not_run_is_told_in_words(tmp_path: Path) -> None:
    done = argusd(COMMANDS[0], tmp_path, tmp_path, ARGUSD_RECORDING="true")
    assert done.returncode == 1
    assert f"no daemon runs in {tmp_path}/run" in done.stderr
