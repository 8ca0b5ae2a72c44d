"""The folders that a process writes to."""

import os
import tempfile
from pathlib import Path

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


def reason_of(error: OSError) -> str:
    """The system's words for an error, or the resolver's."""
    return (error.strerror or os.strerror(error.errno or 0)).lower()
