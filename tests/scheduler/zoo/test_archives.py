import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from argusd.scheduler.zoo import archives
from argusd.scheduler.zoo.archives import extract_members
from argusd.scheduler.zoo.errors import SourceUnavailableError

from ...flipped import flipped

Writer = Callable[[Path, dict[str, bytes]], Path]


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            package.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            package.addfile(info)
    return path


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_the_members_asked_for_are_written_where_the_caller_says(tmp_path: Path, write: Writer) -> None:
    archive = write(tmp_path / "archive", {"a/one": b"1", "a/two": b"22", "b/three": b"333"})
    targets = {"b/three": tmp_path / "x", "a/one": tmp_path / "y"}

    extract_members(archive, targets)

    assert (tmp_path / "x").read_bytes() == b"333"
    assert (tmp_path / "y").read_bytes() == b"1"


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_members_with_hostile_names_write_nothing(tmp_path: Path, write: Writer) -> None:
    outside = tmp_path / "outside"
    hostile = {"../outside": b"!", str(outside): b"!", "wanted": b"ok"}
    folder = tmp_path / "folder"
    folder.mkdir()

    extract_members(write(folder / "archive", hostile), {"wanted": folder / "file"})

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["archive", "file", "folder"]


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_a_member_that_is_absent_is_named(tmp_path: Path, write: Writer) -> None:
    archive = write(tmp_path / "archive", {"one": b"1"})

    with pytest.raises(SourceUnavailableError, match=r"archive has no members? two"):
        extract_members(archive, {"two": tmp_path / "file"})


def test_a_link_in_a_tar_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    archive = write_tar(tmp_path / "archive", {}, links={"model": str(tmp_path / "secret")})

    with pytest.raises(SourceUnavailableError, match="not a regular file"):
        extract_members(archive, {"model": tmp_path / "file"})

    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_a_member_that_would_fill_the_disk_is_refused(
    tmp_path: Path, write: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    archive = write(tmp_path / "archive", {"bomb": bytes(1001)})

    with pytest.raises(SourceUnavailableError, match="1001 bytes"):
        extract_members(archive, {"bomb": tmp_path / "file"})


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08broken gzip"])
def test_a_file_that_is_no_archive_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "archive").write_bytes(content)

    with pytest.raises(SourceUnavailableError, match="archive is not a readable archive"):
        extract_members(tmp_path / "archive", {"one": tmp_path / "file"})


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_zip_that_is_damaged_in_its_midst_is_an_error(tmp_path: Path, compression: int) -> None:
    with zipfile.ZipFile(tmp_path / "archive", "w", compression) as package:
        package.writestr("one", random.Random(0).randbytes(1000))
    with (
        flipped(tmp_path / "archive", at=500),
        pytest.raises(SourceUnavailableError, match="not a readable archive"),
    ):
        extract_members(tmp_path / "archive", {"one": tmp_path / "file"})


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_an_archive_cut_short_is_an_error(tmp_path: Path, write: Writer) -> None:
    archive = write(tmp_path / "archive", {"one": bytes(range(256)) * 100})
    archive.write_bytes(archive.read_bytes()[:-200])

    with pytest.raises(SourceUnavailableError):
        extract_members(archive, {"one": tmp_path / "file"})
