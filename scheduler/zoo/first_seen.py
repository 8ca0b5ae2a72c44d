"""The hashes of files whose publisher names none: what came first is what must come again.

Such a file is marked ``sha256 = "unpublished"`` in the manifest. Its SHA-256 is kept in its entry's folder of
the cache, in ``first_seen.json``, from its first pull on; anything else is refused from then on. That first
pull itself rests on HTTPS alone.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..contract.wording.undecodable import UNDECODABLE
from .errors import CacheUnusableError
from .layout import place
from .manifest import UNPUBLISHED, ModelFile

RECORD = "first_seen.json"


def expected_sha256(folder: Path, file: ModelFile) -> str | None:
    """Return the SHA-256 that a file must have; None while nobody knows it.

    :param folder: where the file lies, or will.
    """
    return seen(folder).get(file.name) if file.sha256 == UNPUBLISHED else file.sha256


def remember(folder: Path, file: ModelFile, sha256: str, half_done: Path) -> None:
    """Keep the hash of a file's first arrival; before the file itself, so that no file lacks one.

    :param half_done: a path on the same file system to write to first.
    """
    half_done.write_bytes(msgspec.json.format(msgspec.json.encode({**seen(folder), file.name: sha256})))
    place(half_done, folder / RECORD)


def forget(folder: Path, files: Iterable[ModelFile]) -> None:
    """Remove those of the files whose publisher names no hash, and what is remembered of them."""
    for file in files:
        if file.sha256 == UNPUBLISHED:
            (folder / file.name).unlink(missing_ok=True)
            (folder / RECORD).unlink(missing_ok=True)


def seen(folder: Path) -> dict[str, str]:
    """Return file name to SHA-256 of all that a folder remembers.

    :raises CacheUnusableError: when the record cannot be read: forgetting would trust anything again.
    """
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UNDECODABLE as error:
        raise CacheUnusableError(f"{folder / RECORD} is damaged: remove its folder and pull again") from error
