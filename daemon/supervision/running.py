"""The daemon that ``argusd serve`` runs on a state directory, as other commands on this host see it.

It has the directory's lock for itself. Who looks whether one is there shares that lock for a moment, where
none is; a daemon that begins just then waits for that moment.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path
from typing import IO, Any

from ..errors import AlreadyRunning, NotRunning

LOCK = "daemon.lock"
REFUSAL = "reload-refused"
ASK_EVERY_S = 0.1
LOOKED_S = 0.001  # after which who looked has let go


def hold(state_dir: Path) -> IO[str]:
    """Take the directory for this process, until the file that is given back is closed.

    Raises:
        AlreadyRunning: another daemon has it.
    """
    lock = (state_dir / LOCK).open("a+", encoding="ascii")
    while not _locked(lock, fcntl.LOCK_EX):
        if not _locked(lock, fcntl.LOCK_SH):
            lock.close()
            raise AlreadyRunning(
                f"another argusd uses the state directory {state_dir}; choose another with --state-dir"
            )
        time.sleep(LOOKED_S)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def signal_daemon(state_dir: Path, number: signal.Signals) -> None:
    """Send a signal to the daemon that has the directory.

    Raises:
        NotRunning: there is none.
    """
    try:
        with (state_dir / LOCK).open("rb") as lock:
            # It is empty as well where one has only just begun.
            pid = b"" if _locked(lock, fcntl.LOCK_SH) else lock.read()
    except FileNotFoundError:
        pid = b""
    if not pid:
        raise NotRunning(f"no argusd serve uses the state directory {state_dir}; under systemd ask systemctl")
    os.kill(int(pid), number)


def tell_refusal(state_dir: Path, why: str) -> None:
    """Keep why a reload came to nothing, for the command that asked for it."""
    draft = (state_dir / REFUSAL).with_suffix(".new")
    with contextlib.suppress(OSError):  # a full disk: it waits in vain, and the log has it
        draft.write_text(why, "utf-8", errors="backslashreplace")  # a path need not be UTF-8
        draft.rename(state_dir / REFUSAL)


def take_refusal(state_dir: Path) -> str | None:
    """Why the last reload came to nothing, told once; None: it did not, or not yet."""
    try:
        why = (state_dir / REFUSAL).read_text("utf-8")
    except FileNotFoundError:
        return None
    (state_dir / REFUSAL).unlink(missing_ok=True)
    return why


async def ended(state_dir: Path) -> None:
    """Return when no daemon has the directory any more."""
    with (state_dir / LOCK).open("rb") as lock:
        # A thread that waits for the lock would keep Ctrl-C waiting.
        while not _locked(lock, fcntl.LOCK_SH):  # noqa: ASYNC110
            await asyncio.sleep(ASK_EVERY_S)


def _locked(lock: IO[Any], how: int) -> bool:
    """Lock the file for ourselves or with others, until it is closed, unless somebody else has it."""
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
