"""Runs a package client (pip, npm) as a subprocess, and watches what it fetches."""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .errors import SourceUnavailableError

Report = Callable[[int], None]
"""Told how many bytes have arrived so far."""

# Long enough for a package of a gigabyte on a slow line; a hung client must end.
_TIMEOUT_S = 1800.0
_REPORT_INTERVAL_S = 0.5
_ERROR_CHARACTERS = 300


def run_client(command: Sequence[str], what: str, workspace: Path, arrived: Report) -> None:
    """Run a client to its end; everything it writes goes into the workspace.

    :param what: what it fetches, for the sentence of an error.
    :raises SourceUnavailableError: when it is not installed, takes too long or fails; with its last words.
    """
    if shutil.which(command[0]) is None:
        raise SourceUnavailableError(f"{what}: the program {command[0]!r} is not installed")
    words = workspace / "client.log"
    with words.open("wb") as log:
        status = _run(["env", f"TMPDIR={workspace}", *command], workspace, log.fileno(), arrived)
    if status is None:
        raise SourceUnavailableError(f"{what}: no answer within {_TIMEOUT_S:.0f} s")
    if status != 0:
        raise SourceUnavailableError(f"{what}: {_last_line(words) or f'exit status {status}'}")


def _run(command: Sequence[str], workspace: Path, log: int, arrived: Report) -> int | None:
    """Return the exit status; None when the client had to be ended."""
    deadline = time.monotonic() + _TIMEOUT_S
    process = subprocess.Popen(command, cwd=workspace, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        while time.monotonic() < deadline:
            try:
                return process.wait(_REPORT_INTERVAL_S)
            except subprocess.TimeoutExpired:
                arrived(_folder_bytes(workspace))
        return None
    finally:
        process.kill()
        process.wait()


def _folder_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # the client removed it meanwhile
            continue
    return total


def _last_line(words: Path) -> str:
    lines = words.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip()[:_ERROR_CHARACTERS] for line in reversed(lines) if line.strip()), "")
