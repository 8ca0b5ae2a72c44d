"""A small manifest whose files come from the local disk: the store's whole path without a network."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from argusd.scheduler.zoo.manifest import Manifest, ModelEntry, ModelFile, PathSource

from .https_server import HttpsHost, https_host

ManifestMaker = Callable[..., Manifest]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The folder where a site keeps its own models."""
    folder = tmp_path / "published"
    folder.mkdir()
    return folder


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpsHost]:
    """A publisher's HTTPS host, whose certificate is trusted."""
    with https_host(tmp_path_factory.mktemp("host")) as (served, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield served


@pytest.fixture
def local_manifest(published: Path) -> ManifestMaker:
    """Publish files and return a manifest of one "copy" model for each: ``local_manifest(voice=b"...")``."""

    def make(**contents: bytes) -> Manifest:
        return Manifest(tuple(_publish(published, name, content) for name, content in contents.items()))

    return make


def _publish(folder: Path, name: str, content: bytes) -> ModelEntry:
    path = folder / f"{name}.bin"
    path.write_bytes(content)
    file = ModelFile(f"{name}.bin", sha256(content).hexdigest(), (PathSource(str(path)),))
    return ModelEntry(name, f"the {name} model", "MIT", (file,), role="role_of_all", packs=("site",))
