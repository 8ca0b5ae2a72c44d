import io
import re
from hashlib import sha256
from pathlib import Path

import pytest

from argusd.scheduler.zoo.errors import HashMismatchError, SourceUnavailableError
from argusd.scheduler.zoo.fetching import WantedFile, count_downloads, fetch_files
from argusd.scheduler.zoo.manifest import ModelFile, PathSource, WheelSource
from argusd.scheduler.zoo.progress import PullProgress


def wanted(target: Path, content: bytes, *sources: Path) -> WantedFile:
    paths = tuple(PathSource(str(source)) for source in sources)
    return WantedFile(ModelFile(target.name, sha256(content).hexdigest(), paths), target)


@pytest.fixture
def progress() -> PullProgress:
    return PullProgress(1, io.StringIO())


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_a_file_whose_hash_is_right_reaches_its_place(
    tmp_path: Path, work: Path, progress: PullProgress
) -> None:
    (tmp_path / "source").write_bytes(b"weights")

    item = wanted(tmp_path / "cache" / "model", b"weights", tmp_path / "source")
    assert fetch_files([item], work, progress) == {}

    assert (tmp_path / "cache" / "model").read_bytes() == b"weights"
    assert list(work.iterdir()) == []


def test_a_file_whose_hash_is_wrong_is_refused_by_name(
    tmp_path: Path, work: Path, progress: PullProgress
) -> None:
    (tmp_path / "source").write_bytes(b"something else")

    item = wanted(tmp_path / "model", b"weights", tmp_path / "source")
    failures = fetch_files([item], work, progress)

    assert isinstance(failures[item], HashMismatchError)
    assert re.match(r"model from .*/source has SHA-256 [0-9a-f]{64}, the manifest", str(failures[item]))
    assert not (tmp_path / "model").exists()
    assert list(work.iterdir()) == []


def test_the_next_source_is_asked_when_one_fails_or_lies(
    tmp_path: Path, work: Path, progress: PullProgress
) -> None:
    (tmp_path / "lies").write_bytes(b"something else")
    (tmp_path / "good").write_bytes(b"weights")
    item = wanted(tmp_path / "model", b"weights", tmp_path / "gone", tmp_path / "lies", tmp_path / "good")

    fetch_files([item], work, progress)

    assert (tmp_path / "model").read_bytes() == b"weights"


def test_what_arrives_is_kept_when_another_file_fails(
    tmp_path: Path, work: Path, progress: PullProgress
) -> None:
    (tmp_path / "good").write_bytes(b"weights")
    items = [
        wanted(tmp_path / "one", b"weights", tmp_path / "gone"),
        wanted(tmp_path / "two", b"weights", tmp_path / "good"),
    ]

    failures = fetch_files(items, work, progress)

    assert list(failures) == items[:1]
    assert isinstance(failures[items[0]], SourceUnavailableError)
    assert "gone" in str(failures[items[0]])
    assert not (tmp_path / "one").exists()
    assert (tmp_path / "two").read_bytes() == b"weights"


def test_files_of_one_package_are_one_download() -> None:
    files = [ModelFile(name, "0" * 64, (WheelSource("p", "1", name),)) for name in ("a", "b")]

    assert count_downloads([WantedFile(file, Path(file.name)) for file in files]) == 1
