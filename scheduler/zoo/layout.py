"""Where things lie in the cache, and how they get there whole.

::

    <cache>/models/<name>/<file>            a file as published
    <cache>/models/<name>/<name>.onnx       what the importer made of it
    <cache>/models/<name>/import.json       which importer made it, from what
    <cache>/models/<name>/first_seen.json   the hashes of files whose publisher names none
    <cache>/assets/<name>/<file>            sample media
    <cache>/pull.lock                       held while pulling
    <cache>/work/                           half-done work; whatever is here while nobody holds the lock is
    garbage
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..contract.wording.reasons import reason_of
from .errors import CacheUnusableError
from .manifest import ModelEntry, ModelFile

_logger = logging.getLogger(__name__)
_PRIVATE_MODE = 0o600


class CacheLayout(msgspec.Struct, frozen=True):
    """The paths of one cache folder."""

    root: Path

    def folder(self, entry: ModelEntry) -> Path:
        """Return the folder of an entry."""
        return self.root / f"{entry.kind}s" / entry.name

    def file(self, entry: ModelEntry, file: ModelFile) -> Path:
        """Return where a published file lies."""
        return self.folder(entry) / file.name

    def imported(self, entry: ModelEntry) -> Path:
        """Return where the imported model lies."""
        return self.folder(entry) / f"{entry.name}.onnx"

    def record(self, entry: ModelEntry) -> Path:
        """Return where the record of the import lies."""
        return self.folder(entry) / "import.json"

    @property
    def work(self) -> Path:
        """The folder of half-done work, on the same file system as the rest so that renames are atomic."""
        return self.root / "work"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the cache's lock, waiting for another process that holds it. A dead process holds nothing."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / "pull.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_MODE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _logger.info("waiting for another process that is pulling models")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def readable() -> Iterator[None]:
    """Say which file of the cache cannot be read, and why: one that is there, but closed to this process.

    :raises CacheUnusableError: in place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise CacheUnusableError(f"{error.filename} cannot be read: {reason_of(error)}") from error


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(source: Path, target: Path) -> None:
    """Move a finished file to its place: readers see the old one or the new one, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
