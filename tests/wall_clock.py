"""A wall clock of a test's own, for the processes it starts: libfaketime puts it before the system's."""

from pathlib import Path

import pytest

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


class WallClock:
    """The time of day for processes with this ``environment``; CLOCK_MONOTONIC stays as it is."""

    def __init__(self, directory: Path) -> None:
        if not LIBRARY.exists():
            pytest.skip("libfaketime is not installed")
        self._file = directory / "wall-clock"
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.leap(0)

    def leap(self, seconds: int) -> None:
        """Set it so many seconds off the system's; a process notices within a second."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n")
        new.replace(self._file)
