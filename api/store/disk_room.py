"""Whether the disk lets a file grow."""

import errno
import os
import tempfile
from pathlib import Path

LEAST_ROOM = 1 << 20


def is_full(directory: Path) -> bool:
    """Whether the file system of the directory has (nearly) no free bytes left."""
    try:
        found = os.statvfs(directory)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < LEAST_ROOM


def can_grow(directory: Path, size: int) -> bool:
    """Whether a file of this size in the directory can have more bytes: by the disk, quotas and limits."""
    if is_full(directory):
        return False
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            os.posix_fallocate(probe.fileno(), size, LEAST_ROOM)
    except OSError as error:
        return error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return True
