from hashlib import sha256
from pathlib import Path

import onnx
import pytest

from argusd.scheduler.zoo import importing
from argusd.scheduler.zoo.errors import (
    ImportFailedError,
    ModelUnavailableError,
    SourceUnavailableError,
)
from argusd.scheduler.zoo.importers.graph import GraphBuilder
from argusd.scheduler.zoo.importing import Importer
from argusd.scheduler.zoo.manifest import Manifest, ModelEntry, ModelFile, PathSource
from argusd.scheduler.zoo.store import ZooStore


class CountingImporter:
    """Makes a model of one input, and counts how often."""

    def __init__(self) -> None:
        self.imports = 0

    def __call__(self, entry: ModelEntry, files: object) -> onnx.ModelProto:
        self.imports += 1
        g = GraphBuilder()
        return g.finish({"y": g.input("x", (3,))})


@pytest.fixture
def importer(monkeypatch: pytest.MonkeyPatch) -> CountingImporter:
    importer = CountingImporter()
    monkeypatch.setattr(importing, "IMPORTERS", {"tflite": Importer(1, importer)})
    return importer


@pytest.fixture
def entry(published: Path) -> ModelEntry:
    (published / "voice.tflite").write_bytes(b"weights")
    source = PathSource(str(published / "voice.tflite"))
    file = ModelFile("voice.tflite", sha256(b"weights").hexdigest(), (source,))
    return ModelEntry("voice", "a voice model", "MIT", (file,), importer="tflite")


@pytest.fixture
def cache(tmp_path: Path, entry: ModelEntry) -> ZooStore:
    return ZooStore(tmp_path / "cache", Manifest((entry,)))


def test_an_imported_model_lies_beside_its_source(cache: ZooStore, importer: CountingImporter) -> None:
    cache.pull(["voice"])

    assert cache.path("voice").name == "voice.onnx"
    assert cache.file("voice", "voice.tflite").parent == cache.path("voice").parent
    onnx.checker.check_model(onnx.load(cache.path("voice")))


def test_a_model_is_imported_once(cache: ZooStore, importer: CountingImporter) -> None:
    cache.pull(["voice"])
    cache.pull(["voice"])

    assert importer.imports == 1


def test_a_changed_importer_imports_again_without_fetching(
    cache: ZooStore, importer: CountingImporter, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.pull(["voice"])
    (published / "voice.tflite").unlink()
    monkeypatch.setattr(importing, "IMPORTERS", {"tflite": Importer(2, importer)})

    with pytest.raises(
        ModelUnavailableError, match=r"as another version made it: .*argusd models pull voice"
    ):
        cache.path("voice")
    cache.pull(["voice"])

    assert cache.is_present("voice")
    assert importer.imports == 2


def test_a_damaged_import_is_found_and_made_again(cache: ZooStore, importer: CountingImporter) -> None:
    cache.pull(["voice"])
    cache.path("voice").write_bytes(b"half a model")

    assert [damage.file for damage in cache.verify()] == ["voice.onnx"]
    cache.pull(["voice"])

    assert cache.verify() == []
    assert importer.imports == 2


def test_a_record_that_cannot_be_read_is_as_good_as_none(
    tmp_path: Path, cache: ZooStore, importer: CountingImporter
) -> None:
    cache.pull(["voice"])
    (tmp_path / "cache" / "models" / "voice" / "import.json").write_text("{")

    assert not cache.is_present("voice")
    cache.pull(["voice"])

    assert cache.is_present("voice")


def test_a_model_is_imported_even_when_another_cannot_be_had(
    tmp_path: Path, entry: ModelEntry, importer: CountingImporter
) -> None:
    gone = ModelFile("gone.tflite", "0" * 64, (PathSource(str(tmp_path / "gone")),))
    absent = ModelEntry("absent", "a model that is gone", "MIT", (gone,), importer="tflite")
    store = ZooStore(tmp_path / "cache", Manifest((absent, entry)))

    with pytest.raises(SourceUnavailableError, match="gone"):
        store.pull(["absent", "voice"])

    assert store.is_present("voice")
    assert not store.is_present("absent")


def test_what_cannot_be_imported_is_not_present(cache: ZooStore) -> None:
    with pytest.raises(ImportFailedError, match="TensorFlow Lite"):
        cache.pull(["voice"])

    with pytest.raises(ModelUnavailableError):
        cache.path("voice")
