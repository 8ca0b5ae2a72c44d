"""What is loaded is what was pulled, byte for byte, or it is not loaded."""

from hashlib import sha256
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argusd.scheduler.zoo import importing
from argusd.scheduler.zoo.errors import ModelDamagedError, ModelUnavailableError, ZooError
from argusd.scheduler.zoo.importers.graph import GraphBuilder
from argusd.scheduler.zoo.importing import Importer
from argusd.scheduler.zoo.manifest import (
    UNPUBLISHED,
    ImporterName,
    Manifest,
    ModelEntry,
    ModelFile,
    PathSource,
)
from argusd.scheduler.zoo.store import ZooStore

from ...flipped import flipped

WEIGHTS = bytes(range(200))


def identity(*_: object) -> onnx.ModelProto:
    graph = GraphBuilder()
    return graph.finish({"y": graph.input("x", (3,))})


@pytest.fixture
def store(tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch) -> ZooStore:
    """With a model as published, one whose publisher names no hash, and an imported one."""
    monkeypatch.setattr(importing, "IMPORTERS", {"tflite": Importer(1, identity)})

    def entry(name: str, pin: str, importer: ImporterName) -> ModelEntry:
        (published / name).write_bytes(WEIGHTS)
        file = ModelFile("weights", pin, (PathSource(str(published / name)),))
        return ModelEntry(name, "for a test", "MIT", (file,), importer=importer)

    pin = sha256(WEIGHTS).hexdigest()
    entries = entry("pinned", pin, "copy"), entry("seen", UNPUBLISHED, "copy"), entry("made", pin, "tflite")
    store = ZooStore(tmp_path / "cache", Manifest(entries))
    store.pull(["pinned", "seen", "made"])
    return store


def test_what_is_read_says_its_hash(store: ZooStore) -> None:
    assert (
        store.read("pinned")
        == store.read("seen", "weights")
        == ("weights", WEIGHTS, sha256(WEIGHTS).hexdigest())
    )
    made = store.read("made")
    assert (made.name, made.sha256) == ("made.onnx", sha256(store.path("made").read_bytes()).hexdigest())


@pytest.mark.parametrize("name", ["pinned", "seen", "made"])
def test_a_flipped_byte_is_an_error_that_says_how_to_mend_it(store: ZooStore, name: str) -> None:
    with flipped(store.path(name), at=100):
        told = rf"the model {name} is damaged.*`argusd models verify` tells more, `argusd models pull {name}`"
        with pytest.raises(ModelDamagedError, match=told) as caught:
            store.read(name)
        assert caught.value.code == "model_unavailable"
    assert store.read(name)


def test_a_hash_that_nobody_knows_any_more_is_no_right_one(store: ZooStore) -> None:
    (store.path("seen").parent / "first_seen.json").unlink()
    with pytest.raises(ModelDamagedError):
        store.read("seen")


def test_a_published_file_that_was_imported_and_is_not_there_makes_its_model_absent(store: ZooStore) -> None:
    store.file("made", "weights").unlink()
    with pytest.raises(ModelUnavailableError):
        store.read("made")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["pinned", "seen", "made"]),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_whichever_bit_of_its_folder_flips_what_was_pulled_is_read_or_a_typed_error(
    store: ZooStore, name: str, place: float, bit: int
) -> None:
    """Of the records beside the model as well."""
    right = store.read(name)
    files = sorted(store.path(name).parent.iterdir())
    for file in files:
        with flipped(file, at=int(place * file.stat().st_size), bit=bit):
            try:
                found = store.read(name)
            except ZooError:
                continue
            assert found == right
