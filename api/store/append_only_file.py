"""What the embedded Redis has written to disk, and what is left of it after a power cut.

::

    appendonly.aof       the server's file; since Redis 7 a folder, appendonlydir, with a manifest
    damaged/TIME-cut     copy of a file whose damaged end was cut off
    damaged/TIME-lost    a file that no server can load

The last ``MOST_KEPT`` of those in ``damaged`` are kept, for ``forget_damaged`` to remove: they hold what
people have a right to have erased.
"""

import contextlib
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

MOST_KEPT = 3
CUT, LOST = "cut", "lost"
READ_WRITE = os.R_OK | os.W_OK
TOOL = "redis-check-aof"  # the server's own program goes by this name too, and then checks files


class AppendOnlyFile:
    """The file of the server in ``directory``. To be touched only while no server runs there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._damaged = directory / "damaged"

    @property
    def path(self) -> Path:
        """The file, or the folder."""
        file = self._directory / "appendonly.aof"
        folder = self._directory / "appendonlydir"
        return folder if folder.exists() and not file.exists() else file

    @property
    def size(self) -> int:
        """Bytes that it has; 0 where there is none."""
        return _size(self.path)

    @property
    def lost(self) -> bool:
        """Whether a file that could not be loaded is still kept."""
        return any(each.name.endswith(LOST) for each in self.damaged())

    def damaged(self) -> list[Path]:
        """What is kept of damaged files, oldest first."""
        return sorted(self._damaged.iterdir()) if self._damaged.is_dir() else []

    def forget_damaged(self, before: float = float("inf")) -> None:
        """Remove what is kept of damaged files; only what was kept before then, in unix seconds."""
        for each in self.damaged():
            if each.lstat().st_ctime < before:
                _remove(each)

    def remove_unfinished(self) -> None:
        """Remove what a server that was killed while it rewrote its file has left behind."""
        for each in self._directory.glob("temp-*"):
            _remove(each)

    def make_usable(self) -> bool:
        """Allow ourselves to read and write the file, where it is ours and that was not so."""
        files = [each for each in (self.path, *self.path.glob("*")) if not os.access(each, READ_WRITE)]
        for each in files:
            with contextlib.suppress(OSError):
                each.chmod(0o700 if each.is_dir() else 0o600)
        return any(os.access(each, READ_WRITE) for each in files)

    def repair(self, server: Path) -> int:
        """Have the tool of this server cut off a damaged end; a copy is kept. How many bytes it has cut.

        0: there is nothing that the tool could do, the file being sound, not ours, or damaged beyond repair.

        Raises:
            OSError: there is no room for the copy.
        """
        if not self.path.exists() or self._run(server):
            return 0
        before, copy = self.size, self._place(CUT)
        try:
            _copy(self.path, copy)
        except PermissionError:
            return 0
        if self._run(server, "--fix") and 0 < self.size < before:
            self.bound()
            return before - self.size
        _remove(self.path)
        copy.rename(self.path)
        return 0

    def set_aside(self) -> Path | None:
        """Move the file out of the server's way; returns where it is now, None where there is none."""
        if not self.path.exists():
            return None
        kept = self._place(LOST)
        self.path.rename(kept)
        return kept

    def put_back(self, kept: Path) -> None:
        """Undo ``set_aside``: it was not the file's fault."""
        _remove(self.path)
        kept.rename(self._directory / ("appendonlydir" if kept.is_dir() else "appendonly.aof"))

    def bound(self) -> None:
        """Remove the oldest of what is kept, but for the last few."""
        for each in self.damaged()[:-MOST_KEPT]:
            _remove(each)

    def _run(self, server: Path, *options: str) -> bool:
        """Whether the tool finds the file sound, or with ``--fix`` has made it so."""
        target = self.path / "appendonly.aof.manifest" if self.path.is_dir() else self.path
        done = subprocess.run(
            [TOOL, *options, str(target)], executable=server, input=b"y\n", capture_output=True, check=False
        )
        return done.returncode == 0

    def _place(self, what: str) -> Path:
        self._damaged.mkdir(mode=0o700, exist_ok=True)
        return self._damaged / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{what}"


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(_size(each) for each in path.iterdir())
    return path.stat().st_size if path.exists() else 0


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder; nothing is left of a copy for which there is no room."""
    try:
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    except OSError:
        _remove(target)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
