"""What a daemon holds of people outside its answers: in files, in shared memory, in what crashes dump."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

from ..live_daemon import Daemon


def stored(state_dir: Path) -> bytes:
    """Everything in the daemon's files, but for its log."""
    files = [path for path in state_dir.rglob("*") if path.is_file() and path.suffix != ".log"]
    return b"\n".join(path.read_bytes() for path in files)


def shared(process: psutil.Process) -> bytes:
    """Everything in the shared memory that the process holds, but for pages of zeroes."""
    return b"\n".join(memory.read_bytes().replace(bytes(4096), b"") for memory in _memories(process.pid))


def _memories(pid: int) -> Iterator[Path]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        if os.readlink(descriptor).startswith("/memfd:"):
            yield descriptor


def dumped(daemon: Daemon) -> dict[str, tuple[int, int]]:
    """Of each process: how large a core file of it may be, and which of its memory would be in it."""
    processes = psutil.Process(daemon.process.pid).children(recursive=True)
    return {
        " ".join(each.cmdline()): (each.rlimit(psutil.RLIMIT_CORE)[1], _dump_filter(each.pid))
        for each in processes
    }


def _dump_filter(pid: int) -> int:
    return int(Path(f"/proc/{pid}/coredump_filter").read_text(), 16)
