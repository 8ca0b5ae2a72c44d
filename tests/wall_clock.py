"""A wall clock of a test's own, for the processes it starts: libfaketime puts it before the system's."""

import contextlib
import ctypes
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
SHARED_MEMORY = Path("/dev/shm")  # where sem_open(3) and shm_open(3) put what has a name
COUNTERS = bytes(64)  # more than the library has in common


class WallClock:
    """The time of day for processes with this ``environment``; CLOCK_MONOTONIC stays as it is.

    ``shared``: the name of what they have in common, see below.
    """

    def __init__(self, directory: Path, shared: str) -> None:
        self.shared = shared
        self._file = directory / "wall-clock"
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_SHARED": f"/{shared} /{shared}",
        }
        self.leap(0)

    def leap(self, seconds: int) -> None:
        """Set it so many seconds off the system's; a process notices within a second."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n")
        new.replace(self._file)


@contextlib.contextmanager
def wall_clock(directory: Path) -> Iterator[WallClock]:
    """A clock for processes that end before the context does; it skips where there is no libfaketime."""
    if not LIBRARY.exists():
        pytest.skip("libfaketime is not installed")
    with in_common() as name:
        yield WallClock(directory, name)


@contextlib.contextmanager
def in_common() -> Iterator[str]:
    """What the library's processes have in common: a semaphore and memory, both of this name.

    It makes its own in each process that is told none, and leaves them behind where that is killed.
    """
    name = f"wall-clock-{secrets.token_hex(8)}"
    library = ctypes.CDLL(None, use_errno=True)
    library.sem_open.restype = ctypes.c_void_p
    files = [SHARED_MEMORY / f"sem.{name}", SHARED_MEMORY / name]
    try:
        if not library.sem_open(f"/{name}".encode(), os.O_CREAT | os.O_EXCL, 0o600, 1):
            raise OSError(ctypes.get_errno(), "sem_open")
        files[1].write_bytes(COUNTERS)
        yield name
    finally:
        for file in files:
            file.unlink(missing_ok=True)
