import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from argusd.daemon.errors import AlreadyRunning, NotRunning
from argusd.daemon.supervision.running import (
    LOCK,
    ended,
    hold,
    signal_daemon,
    take_refusal,
    tell_refusal,
)

from ...waiting import LONGEST_S

HOLDS = """
import pathlib, signal, sys
from argusd.daemon.supervision.running import hold
with hold(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.exit(signal.sigwait({signal.SIGHUP, signal.SIGTERM}))
"""
BLOCKED = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGTERM})"


async def test_the_daemon_of_a_directory_is_signalled_and_its_end_awaited(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BLOCKED + HOLDS, str(tmp_path)]
    with subprocess.Popen(  # noqa: ASYNC220 - quick, and the file is what is waited for
        command, stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match="--state-dir"):
            hold(tmp_path)
        signal_daemon(tmp_path, signal.SIGHUP)
        await asyncio.wait_for(ended(tmp_path), LONGEST_S)
        assert daemon.wait(LONGEST_S) == signal.SIGHUP


def test_where_no_daemon_runs_there_is_none_to_signal(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        signal_daemon(tmp_path, signal.SIGTERM)
    hold(tmp_path).close()
    with pytest.raises(NotRunning, match="systemctl"):
        signal_daemon(tmp_path, signal.SIGTERM)


def test_a_daemon_that_begins_waits_for_who_looks_whether_one_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(tmp_path).close()
    looker = (tmp_path / LOCK).open("rb")
    fcntl.flock(looker, fcntl.LOCK_SH)
    flock = fcntl.flock

    def seen(lock: IO[Any], how: int) -> None:
        try:
            flock(lock, how)
        except BlockingIOError:
            looker.close()
            raise

    monkeypatch.setattr(fcntl, "flock", seen)
    with hold(tmp_path), pytest.raises(AlreadyRunning):
        hold(tmp_path)
    assert looker.closed, "it was in the way"


def test_why_a_reload_came_to_nothing_is_told_once(tmp_path: Path) -> None:
    tell_refusal(tmp_path, "models.toml: …")
    assert [take_refusal(tmp_path), take_refusal(tmp_path)] == ["models.toml: …", None]
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_that_names_a_path_of_other_bytes_is_told_as_well(tmp_path: Path) -> None:
    tell_refusal(tmp_path, "no such file: " + os.fsdecode(b"models-\xff.toml"))
    assert take_refusal(tmp_path) == "no such file: models-\\udcff.toml"
