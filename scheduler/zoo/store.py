"""The model store: pulls, checks and finds models in one cache folder.

Looking up is cheap, needs no network and no lock. Pulling is safe from several processes at once, can be
interrupted at any moment, and leaves the cache as it was or better.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..contract.names import did_you_mean
from ..contract.wording.reasons import reason_of
from .contents import CacheContents, Damage, FirstSeen, ModelStatus
from .errors import (
    CacheUnusableError,
    ImportFailedError,
    ModelDamagedError,
    ModelUnavailableError,
    TorchMissingError,
    UnknownModelError,
    ZooError,
)
from .fetching import WantedFile, count_downloads, fetch_files
from .first_seen import forget
from .importing import import_model, read_record
from .layout import CacheLayout, readable
from .manifest import DEFAULT_PACK, Manifest, ModelEntry, builtin_manifest
from .progress import PullProgress


class StoredFile(NamedTuple):
    """A file of the cache as it was read, and its SHA-256 in hexadecimal."""

    name: str
    content: bytes
    sha256: str


class ZooStore:
    """The models of a manifest in a cache folder.

    Whoever asks what is there gets a ``CacheUnusableError`` where a file of it cannot be read.
    """

    def __init__(
        self, cache_dir: Path, manifest: Manifest | None = None, huggingface_token: str | None = None
    ) -> None:
        self._layout = CacheLayout(cache_dir)
        self._huggingface_token = huggingface_token
        self.manifest = manifest or builtin_manifest()
        self._contents = CacheContents(self.manifest, self._layout)

    @readable()
    def is_present(self, name: str) -> bool:
        """Say whether a model can be used now.

        :raises UnknownModelError: when the manifest has no such model.
        """
        return self._contents.is_present(self.manifest.entry(name))

    def path(self, name: str) -> Path:
        """Return the file to run: the imported ONNX model, or the first published file of an entry kept as
        published.

        :raises UnknownModelError: when the manifest has no such entry.
        :raises ModelUnavailableError: when it is not in the cache.
        """
        entry = self._present_entry(name)
        if entry.importer == "copy":
            return self._layout.file(entry, entry.files[0])
        return self._layout.imported(entry)

    def file(self, name: str, file_name: str) -> Path:
        """Return a published file of an entry by its name.

        :raises UnknownModelError: when the manifest has no such entry or file.
        :raises ModelUnavailableError: when the entry is not in the cache.
        """
        entry = self._present_entry(name)
        for file in entry.files:
            if file.name == file_name:
                return self._layout.file(entry, file)
        raise UnknownModelError(f"{name} has no file {file_name!r}")

    @readable()
    def read(self, name: str, file_name: str | None = None) -> StoredFile:
        """Return the content of a published file, or of the file to run; it is what was pulled, or made.

        :raises UnknownModelError: as ``path`` and ``file``.
        :raises ModelUnavailableError: as ``path`` and ``file``.
        :raises ModelDamagedError: when the file is another one now.
        """
        path = self.path(name) if file_name is None else self.file(name, file_name)
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != self._contents.expected_sha256(self.manifest.entry(name), path):
            raise ModelDamagedError(
                f"the model {name} is damaged, {path.name} is not the file that it was: "
                f"`argusd models verify` tells more, `argusd models pull {name}` gets it anew"
            )
        return StoredFile(path.name, content, sha256)

    def choose(self, role: str, preferred: str | None = None) -> str:
        """Return the name of the model to use for a role: the first of its ``candidates``.

        :raises UnknownModelError: as ``candidates``.
        :raises ModelUnavailableError: as ``candidates``.
        """
        return self.candidates(role, preferred)[0]

    def candidates(self, role: str, preferred: str | None = None) -> list[str]:
        """Return the models that may fill a role: the preferred one, or else all present ones, best first.

        :raises UnknownModelError: when the role has no models or the preferred one is not among them.
        :raises ModelUnavailableError: when the preferred one, or without a preference any, is not in the
            cache.
        """
        names = [entry.name for entry in self.manifest.of_role(role)]
        if preferred is not None and preferred not in names:
            near = did_you_mean(preferred, names)
            raise UnknownModelError(
                f"{preferred!r} is not a model for the role {role!r}{near} Those are {', '.join(names)}"
            )
        wanted = names if preferred is None else [preferred]
        if present := [name for name in wanted if self.is_present(name)]:
            return present
        raise _unavailable(*self._offered(wanted))

    def pull(self, names: Sequence[str]) -> None:
        """Fetch and import models, by name or by pack; what is already present and whole is left alone.

        When some of them fail, the others are pulled all the same before the first failure is raised.

        :raises UnknownModelError: when a name is neither a model's nor a pack's.
        :raises SourceUnavailableError: when a file cannot be had.
        :raises HashMismatchError: when a file is not what the manifest says.
        :raises ImportFailedError: when a file cannot be converted.
        :raises CacheUnusableError: when the cache cannot be read or written.
        """
        for failure in self.pull_each(names).values():
            raise failure

    def pull_each(self, names: Sequence[str]) -> dict[str, ZooError]:
        """Do what ``pull`` does, but return the failures, by model, in manifest order.

        :raises UnknownModelError: when a name is neither a model's nor a pack's.
        :raises CacheUnusableError: when the cache cannot be read or written.
        """
        entries = self.manifest.select(names)
        # A complete cache may be read-only.
        if not any(self._missing(entries)):
            return {}
        try:
            with self._layout.exclusive():
                return self._pull(entries)
        except OSError as error:
            why = reason_of(error)
            raise CacheUnusableError(f"the model cache {self._layout.root} cannot be used: {why}") from error

    @readable()
    def verify(self) -> list[Damage]:
        """Hash every file that is in the cache; return those that are not what they should be."""
        return [damage for entry in self.manifest.models for damage in self._contents.damages(entry)]

    @readable()
    def first_seen(self) -> list[FirstSeen]:
        """Return the hashes that rest on our first pull alone, since their publisher names none."""
        return [seen for entry in self.manifest.models for seen in self._contents.first_seen(entry)]

    @readable()
    def status(self) -> list[ModelStatus]:
        """Return what the cache holds of each entry, in manifest order."""
        return [self._contents.status(entry) for entry in self.manifest.models]

    @readable()
    def _present_entry(self, name: str) -> ModelEntry:
        entry = self.manifest.entry(name)
        if not self._contents.is_present(entry):
            raise _unavailable(name)
        return entry

    def _offered(self, names: Sequence[str]) -> list[str]:
        """Those to name where none of them is here: what a plain pull gets comes first, and only models
        that are free for every use are named, if there are any."""
        entries = sorted(map(self.manifest.entry, names), key=lambda entry: DEFAULT_PACK not in entry.packs)
        return [entry.name for entry in entries if entry.permissive] or list(names)

    def _pull(self, entries: Sequence[ModelEntry]) -> dict[str, ZooError]:
        """Do the work of a pull, while nobody else does any."""
        # What an interrupted pull left behind is garbage now.
        shutil.rmtree(self._layout.work, ignore_errors=True)
        self._layout.work.mkdir()
        wanted, imports = self._missing(entries)
        failures: dict[str, ZooError] = {}
        with PullProgress(count_downloads(wanted) + len(imports)) as progress:
            lost = fetch_files(wanted, self._layout.work, progress, self._huggingface_token)
            folders = {item.target.parent: error for item, error in reversed(lost.items())}
            for entry in entries:
                if (lack := folders.get(self._layout.folder(entry))) is not None:
                    failures[entry.name] = lack
                elif entry in imports:
                    progress.begin(f"importing {entry.name}")
                    try:
                        import_model(self._layout, entry)
                    except ImportFailedError as error:
                        failures[entry.name] = error
                        self._forget_useless(entry, error)
        return failures

    def _forget_useless(self, entry: ModelEntry, error: ImportFailedError) -> None:
        """What came first and was no model at all is not to be asked for ever after."""
        if not isinstance(error, TorchMissingError) and read_record(self._layout, entry) is None:
            forget(self._layout.folder(entry), entry.files)

    @readable()
    def _missing(self, entries: Sequence[ModelEntry]) -> tuple[list[WantedFile], list[ModelEntry]]:
        """Return the files to fetch and the entries to import."""
        wanted = [item for entry in entries for item in self._contents.missing_files(entry)]
        return wanted, [entry for entry in entries if self._contents.wants_import(entry)]


def _unavailable(name: str, *others: str) -> ModelUnavailableError:
    instead = f", or {' or '.join(others)} in its place" if others else ""
    return ModelUnavailableError(
        f"the model {name} is not in the cache, or as another version made it: "
        f"get it with `argusd models pull {name}`{instead}"
    )
