"""The folders that a process writes to."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from argusd.scheduler.contract.wording.reasons import reason_of

from ..errors import FolderUnusable


def make_folder(key: str, folder: Path) -> None:
    """Make a folder that a key of the configuration names, for its owner alone.

    Raises:
        FolderUnusable: it cannot be made, or nothing can be written into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise FolderUnusable(
            f"{key} {folder} cannot be used: {reason_of(error)}; choose another folder"
        ) from error


@contextmanager
def folder_of_this_life(beside: Path, name: str) -> Iterator[Path]:
    """A folder for the sockets of one life of a process; another life has another one beside it.

    Whose it is has it locked, and the kernel unlocks it at the end, whatever that is: what nobody has was
    left by a life that was killed, and is removed.
    """
    for left in beside.glob(f"{name}[0-9]*"):
        if (descriptor := _locked(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(descriptor)
    folder = beside / f"{name}{os.getpid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = _locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None where another process does, or the folder is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
