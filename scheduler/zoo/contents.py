"""What a cache folder holds of a manifest's entries, and whether it is as it should be. Changes nothing."""

from pathlib import Path
from typing import Literal

import msgspec

from .fetching import WantedFile
from .first_seen import expected_sha256, seen
from .importing import is_current, read_record
from .layout import CacheLayout, file_sha256
from .manifest import UNPUBLISHED, Manifest, Measured, ModelEntry


class ModelStatus(msgspec.Struct, frozen=True):
    """One line of ``argusd models list``; ``size`` is in bytes on disk, 0 when nothing is.

    ``hashes``: who says what the files must be: their publisher, or for some of them our own first pull,
    which may still be to come.
    """

    name: str
    about: str
    kind: str
    role: str | None
    packs: tuple[str, ...]
    licence: str
    present: bool
    size: int
    hashes: Literal["published", "first seen", "not yet seen"]
    accuracy: tuple[Measured, ...]


class Damage(msgspec.Struct, frozen=True):
    """A file in the cache that is not what it should be."""

    model: str
    file: str
    reason: str


class FirstSeen(msgspec.Struct, frozen=True):
    """A file whose publisher names no hash, and the SHA-256 that it had when it was first pulled."""

    model: str
    file: str
    sha256: str


class CacheContents:
    """Answers about the entries of one manifest in one cache folder."""

    def __init__(self, manifest: Manifest, layout: CacheLayout) -> None:
        self._manifest = manifest
        self._layout = layout

    def is_present(self, entry: ModelEntry) -> bool:
        """Say whether everything that an entry takes to be used is there, by name alone."""
        published = all(self._layout.file(entry, file).is_file() for file in entry.files)
        made = entry.importer == "copy" or is_current(self._layout, entry)
        return published and made and all(self.is_present(self._manifest.entry(name)) for name in entry.needs)

    def missing_files(self, entry: ModelEntry) -> list[WantedFile]:
        """Return the published files that are absent or damaged."""
        folder = self._layout.folder(entry)
        items = [WantedFile(file, self._layout.file(entry, file)) for file in entry.files]
        return [item for item in items if not _is_whole(item.target, expected_sha256(folder, item.file))]

    def wants_import(self, entry: ModelEntry) -> bool:
        """Say whether an entry has to be imported: for the first time, by a newer importer, or for damage."""
        if entry.importer == "copy":
            return False
        record = read_record(self._layout, entry)
        if record is None or not is_current(self._layout, entry):
            return True
        return not _is_whole(self._layout.imported(entry), record.sha256)

    def damages(self, entry: ModelEntry) -> list[Damage]:
        """Hash an entry's files, as far as they are there; return those that are not what they should be."""
        return [
            Damage(entry.name, path.name, f"SHA-256 is not {sha256}" if sha256 else "it was never pulled")
            for path, sha256 in self._expected(entry).items()
            if path.is_file() and not _is_whole(path, sha256)
        ]

    def expected_sha256(self, entry: ModelEntry, path: Path) -> str | None:
        """Return the SHA-256 that a file of an entry, published or imported, must have; None: unknown."""
        return self._expected(entry).get(path)

    def _expected(self, entry: ModelEntry) -> dict[Path, str | None]:
        folder = self._layout.folder(entry)
        expected = {self._layout.file(entry, file): expected_sha256(folder, file) for file in entry.files}
        record = read_record(self._layout, entry)
        if record is not None:
            expected[self._layout.imported(entry)] = record.sha256
        return expected

    def first_seen(self, entry: ModelEntry) -> list[FirstSeen]:
        """Return the hashes of an entry's files that rest on our first pull alone."""
        known = seen(self._layout.folder(entry))
        return [
            FirstSeen(entry.name, file.name, known[file.name])
            for file in entry.files
            if file.sha256 == UNPUBLISHED and file.name in known
        ]

    def status(self, entry: ModelEntry) -> ModelStatus:
        """Return what there is of an entry."""
        folder = self._layout.folder(entry)
        return ModelStatus(
            name=entry.name,
            about=entry.about,
            kind=entry.kind,
            role=entry.role,
            packs=entry.packs,
            licence=entry.licence,
            present=self.is_present(entry),
            size=sum(_size(file) for file in folder.iterdir()) if folder.is_dir() else 0,
            hashes=self._hashes(entry),
            accuracy=entry.accuracy,
        )

    def _hashes(self, entry: ModelEntry) -> Literal["published", "first seen", "not yet seen"]:
        unpublished = sum(file.sha256 == UNPUBLISHED for file in entry.files)
        if not unpublished:
            return "published"
        return "first seen" if len(self.first_seen(entry)) == unpublished else "not yet seen"


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0  # a link may lead nowhere


def _is_whole(path: Path, sha256: str | None) -> bool:
    return path.is_file() and file_sha256(path) == sha256
