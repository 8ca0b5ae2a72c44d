"""Evidence on disk.

::

    STATE_DIR/evidence/{session_id}/{evidence_id}.jpg, .webm
    STATE_DIR/evidence/+unfinished/…                          removed at the start

A file is written elsewhere and then moved to its place, so that what lies there is whole. Nobody but the
daemon's user may read any of it.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..contract.evidence.records import SUFFIXES, Part, evidence_folder, file_of

UNFINISHED = "+unfinished"  # no session's name: those have no plus
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DiskFull(Exception):
    """There is no room for more evidence."""


class Draft(NamedTuple):
    """A file that is written and not yet in its place."""

    path: Path
    sha256: str
    nbytes: int


class EvidenceFiles:
    """Writes, counts and removes files. ``most``, ``least_free``: bytes, see ``RecorderConfig``."""

    def __init__(self, state_dir: Path, most: int, least_free: int) -> None:
        self._state_dir = state_dir
        self._folder = evidence_folder(state_dir)
        self._unfinished = self._folder / UNFINISHED
        self._most, self._least_free = most, least_free
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(mode=0o700)
        self.sizes = {
            each.name: sum(file.stat().st_size for file in each.iterdir())
            for each in self._folder.iterdir()
            if each != self._unfinished and each.is_dir()
        }

    @property
    def nbytes(self) -> int:
        """What all files have together."""
        return sum(self.sizes.values())

    @property
    def full(self) -> bool:
        """Whether nothing more is kept."""
        found = os.statvfs(self._folder)
        return self.nbytes >= self._most or found.f_bavail * found.f_frsize < self._least_free

    def draft(self, name: str, write: Callable[[Path], object]) -> Draft:
        """Have a file written; takes milliseconds, for a thread.

        Raises:
            DiskFull: there is no room; nothing is left of it.
        """
        if self.full:
            raise DiskFull
        path = self._unfinished / name
        try:
            path.touch(mode=0o600)
            write(path)
            body = path.read_bytes()
        except BaseException as error:
            path.unlink(missing_ok=True)
            if getattr(error, "errno", None) in FULL:  # an OSError, or FFmpeg's
                raise DiskFull from error
            raise
        return Draft(path, hashlib.sha256(body).hexdigest(), len(body))

    def keep(self, draft: Draft, session_id: str, evidence_id: str, part: Part) -> None:
        """Move the file to its place."""
        target = file_of(self._state_dir, session_id, evidence_id, part)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        draft.path.rename(target)
        self.sizes[session_id] = self.sizes.get(session_id, 0) + draft.nbytes

    def has_some(self, session_id: str, evidence_id: str) -> bool:
        """Whether a part of this evidence is in its place."""
        return any(file_of(self._state_dir, session_id, evidence_id, part).exists() for part in SUFFIXES)

    def discard(self, name: str) -> None:
        """Remove a draft, if it is there."""
        (self._unfinished / name).unlink(missing_ok=True)

    def forget(self, session_id: str) -> None:
        """Remove all that is kept of the session."""
        shutil.rmtree(self._folder / session_id, ignore_errors=True)
        self.sizes.pop(session_id, None)
