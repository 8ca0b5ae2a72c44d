import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from argusd.scheduler.zoo import huggingface, sources
from argusd.scheduler.zoo.errors import SourceUnavailableError
from argusd.scheduler.zoo.manifest import (
    HuggingFaceSource,
    NpmSource,
    PathSource,
    Source,
    UrlSource,
    WheelSource,
)
from argusd.scheduler.zoo.sources import deliver, origin

from .https_server import Answer, HttpsHost


def ignore(size: int) -> None:
    """Nobody watches the progress."""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (WheelSource("p", "1", "a"), WheelSource("p", "1", "b")),
        (NpmSource("p", "1", "a"), NpmSource("p", "1", "b")),
    ],
)
def test_members_of_one_package_have_one_origin(one: Source, other: Source) -> None:
    assert origin(one) == origin(other)


def test_a_wheel_and_an_npm_package_of_the_same_name_are_two_origins() -> None:
    assert origin(WheelSource("p", "1", "a")) != origin(NpmSource("p", "1", "a"))


def test_a_path_is_copied(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"weights")

    deliver({PathSource(str(tmp_path / "model")): tmp_path / "copy"}, tmp_path, ignore)

    assert (tmp_path / "copy").read_bytes() == b"weights"


def test_a_path_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="No such file or directory"):
        deliver({PathSource(str(tmp_path / "model")): tmp_path / "copy"}, tmp_path, ignore)


def test_members_of_an_archive_at_an_address_are_one_download(tmp_path: Path, host: HttpsHost) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("pack/one.onnx", b"one")
        package.writestr("pack/two.onnx", b"two")
    host.answer = lambda _: Answer(body=archive.getvalue())
    one, two, whole = (UrlSource(f"{host.url}/pack.zip", m) for m in ("pack/one.onnx", "pack/two.onnx", None))
    assert origin(one) == origin(two) == origin(whole)

    targets: dict[Source, Path] = {one: tmp_path / "1", two: tmp_path / "2", whole: tmp_path / "3"}
    deliver(targets, tmp_path, ignore)

    contents = [target.read_bytes() for target in targets.values()]
    assert contents == [b"one", b"two", archive.getvalue()]
    assert [request.path for request in host.requests] == ["/pack.zip"]


def test_a_member_that_the_archive_does_not_have_is_unavailable(tmp_path: Path, host: HttpsHost) -> None:
    host.answer = lambda _: Answer(body=b"no archive")

    with pytest.raises(SourceUnavailableError, match="not a readable archive"):
        deliver({UrlSource(f"{host.url}/pack.zip", "one"): tmp_path / "1"}, tmp_path, ignore)


def test_a_token_is_for_the_hub_and_not_for_other_addresses(
    tmp_path: Path, host: HttpsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "HUB", host.url)
    host.answer = lambda _: Answer(body=b"weights")

    deliver({UrlSource(f"{host.url}/file"): tmp_path / "1"}, tmp_path, ignore, "s3cret")
    deliver({HuggingFaceSource("o/r", "0" * 40, "f"): tmp_path / "2"}, tmp_path, ignore, "s3cret")

    assert [request.authorization for request in host.requests] == [None, "Bearer s3cret"]


def test_a_wheel_is_asked_for_without_installing_or_building_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def refuse(command: list[str], *_: object) -> None:
        asked.append(command)
        raise SourceUnavailableError("no network")

    monkeypatch.setattr(sources, "run_client", refuse)

    with pytest.raises(SourceUnavailableError, match="no network"):
        deliver({WheelSource("p", "1", "m"): tmp_path / "copy"}, tmp_path, ignore)

    assert asked[0][:5] == [sys.executable, "-m", "pip", "download", "p==1"]
    assert {"--no-deps", "--only-binary=:all:", "--python-version=3.11"} <= set(asked[0])


def test_a_member_of_an_npm_package_lies_under_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pack(command: list[str], what: str, workspace: Path, arrived: object) -> None:
        with tarfile.open(workspace / "o-p-1.tgz", "w:gz") as package:
            info = tarfile.TarInfo("package/models/m")
            info.size = 7
            package.addfile(info, io.BytesIO(b"weights"))

    monkeypatch.setattr(sources, "run_client", pack)

    deliver({NpmSource("@o/p", "1", "models/m"): tmp_path / "copy"}, tmp_path, ignore)

    assert (tmp_path / "copy").read_bytes() == b"weights"


def test_a_client_that_delivers_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "run_client", lambda *_: None)

    with pytest.raises(SourceUnavailableError, match="holds 0 files"):
        deliver({WheelSource("p", "1", "m"): tmp_path / "copy"}, tmp_path, ignore)
