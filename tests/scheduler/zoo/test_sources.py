import subprocess
import sys
from pathlib import Path

import pytest

from argusd.scheduler.zoo.errors import SourceUnavailableError
from argusd.scheduler.zoo.manifest import NpmSource, PathSource, Source, UrlSource, WheelSource
from argusd.scheduler.zoo.sources import deliver, origin


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

    deliver({PathSource(str(tmp_path / "model")): tmp_path / "copy"}, tmp_path)

    assert (tmp_path / "copy").read_bytes() == b"weights"


def test_a_path_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="No such file or directory"):
        deliver({PathSource(str(tmp_path / "model")): tmp_path / "copy"}, tmp_path)


def test_an_address_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="localhost"):
        deliver({UrlSource("https://localhost:1/model"): tmp_path / "copy"}, tmp_path)


def test_a_package_client_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceUnavailableError, match="'npm' is not installed"):
        deliver({NpmSource("p", "1", "m"): tmp_path / "copy"}, tmp_path)


def test_the_last_words_of_a_client_that_fails_are_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho first >&2\necho 'code E404' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(SourceUnavailableError, match=r"^npm package p@1: code E404$"):
        deliver({NpmSource("p", "1", "m"): tmp_path / "copy"}, tmp_path)


def test_a_wheel_is_asked_for_without_installing_or_building_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def refuse(command: list[str], **_: object) -> None:
        asked.append(command)
        raise subprocess.CalledProcessError(1, command, stderr="")

    monkeypatch.setattr(subprocess, "run", refuse)

    with pytest.raises(SourceUnavailableError, match="wheel p==1: exit status 1"):
        deliver({WheelSource("p", "1", "m"): tmp_path / "copy"}, tmp_path)

    assert asked[0][:5] == [sys.executable, "-m", "pip", "download", "p==1"]
    assert {"--no-deps", "--only-binary=:all:", "--python-version=3.11"} <= set(asked[0])
