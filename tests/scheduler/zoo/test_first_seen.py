import sys
from pathlib import Path

import pytest

from argusd.scheduler.zoo.contents import FirstSeen
from argusd.scheduler.zoo.errors import (
    CacheUnusableError,
    HashMismatchError,
    ImportFailedError,
    TorchMissingError,
)
from argusd.scheduler.zoo.layout import file_sha256
from argusd.scheduler.zoo.manifest import (
    UNPUBLISHED,
    ImporterName,
    Manifest,
    ModelEntry,
    ModelFile,
    PathSource,
)
from argusd.scheduler.zoo.store import ZooStore


@pytest.fixture
def cache(tmp_path: Path, published: Path) -> ZooStore:
    (published / "lips.pth").write_bytes(b"weights")
    file = ModelFile("lips.pth", UNPUBLISHED, (PathSource(str(published / "lips.pth")),))
    return ZooStore(tmp_path / "cache", Manifest((ModelEntry("lips", "reads lips", "MIT", (file,)),)))


def test_the_first_pull_records_the_hash(cache: ZooStore, published: Path) -> None:
    assert [status.hashes for status in cache.status()] == ["not yet seen"]
    assert cache.first_seen() == []

    cache.pull(["lips"])

    assert [status.hashes for status in cache.status()] == ["first seen"]
    assert cache.first_seen() == [FirstSeen("lips", "lips.pth", file_sha256(published / "lips.pth"))]
    assert cache.verify() == []


def test_another_file_is_refused_from_then_on(cache: ZooStore, published: Path) -> None:
    cache.pull(["lips"])
    cache.path("lips").unlink()
    (published / "lips.pth").write_bytes(b"other weights")

    with pytest.raises(HashMismatchError, match=r"on its first pull it had .*first_seen\.json"):
        cache.pull(["lips"])

    assert not cache.is_present("lips")


def test_damage_is_found_and_mended_with_what_came_first(cache: ZooStore) -> None:
    cache.pull(["lips"])
    cache.path("lips").write_bytes(b"weightz")

    assert [damage.file for damage in cache.verify()] == ["lips.pth"]
    cache.pull(["lips"])

    assert cache.path("lips").read_bytes() == b"weights"
    assert cache.verify() == []


def test_a_file_that_was_put_there_by_hand_is_not_what_was_pulled(cache: ZooStore, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "models" / "lips"
    folder.mkdir(parents=True)
    (folder / "lips.pth").write_bytes(b"from somewhere")

    assert [damage.reason for damage in cache.verify()] == ["it was never pulled"]
    cache.pull(["lips"])

    assert cache.path("lips").read_bytes() == b"weights"


@pytest.fixture
def imported(tmp_path: Path, published: Path) -> ZooStore:
    return importing("wespeaker", tmp_path, published)


def importing(importer: ImporterName, tmp_path: Path, published: Path) -> ZooStore:
    file = ModelFile("lips.pth", UNPUBLISHED, (PathSource(str(published / "lips.pth")),))
    entry = ModelEntry("lips", "reads lips", "MIT", (file,), importer=importer)
    return ZooStore(tmp_path / "cache", Manifest((entry,)))


def test_what_was_no_model_at_all_is_not_asked_for_ever_after(
    imported: ZooStore, published: Path, tmp_path: Path
) -> None:
    (published / "lips.pth").write_bytes(b"Sign in to download")

    with pytest.raises(ImportFailedError):
        imported.pull(["lips"])

    assert imported.first_seen() == []
    assert list((tmp_path / "cache" / "models" / "lips").iterdir()) == []


def test_what_cannot_be_converted_for_want_of_a_library_is_kept(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (published / "lips.pth").write_bytes(b"weights")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    store = importing("dfine", tmp_path, published)

    with pytest.raises(TorchMissingError):
        store.pull(["lips"])

    assert [file.file for file in store.first_seen()] == ["lips.pth"]


def test_a_record_that_cannot_be_read_is_not_as_good_as_none(cache: ZooStore, tmp_path: Path) -> None:
    cache.pull(["lips"])
    (tmp_path / "cache" / "models" / "lips" / "first_seen.json").write_text("{")

    with pytest.raises(CacheUnusableError, match=r"first_seen\.json is damaged"):
        cache.pull(["lips"])
