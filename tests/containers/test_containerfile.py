"""The image's recipe says what the manifests count on; ``make image-steps`` carries it out."""

import tomllib
from pathlib import Path

import pytest

from argusd.daemon.cli import build_parser
from argusd.daemon.kubernetes.manifests import manifests, the

from .containerfile import context_of, copy_context, stages_of, words_of

ROOT = Path(__file__).parents[2]
STAGES = {stage.name: stage for stage in stages_of((ROOT / "Containerfile").read_text())}


def last(stage: str, word: str) -> str:
    """The last such instruction of a stage, or of what it is made from."""
    steps = [rest for each, rest in STAGES[stage].steps if each == word]
    return steps[-1] if steps else last(STAGES[stage].base, word)


def test_an_instruction_that_nobody_knows_is_found() -> None:
    with pytest.raises(ValueError, match="there is no instruction RNU"):
        stages_of("FROM debian\nRNU true\n")


def test_every_stage_begins_with_debian_or_with_one_before_it() -> None:
    before = {"debian:bookworm-slim"}
    for name, stage in STAGES.items():
        assert stage.base in before
        before.add(name)


@pytest.mark.parametrize("stage", ["models", "serve"])
def test_it_runs_as_the_user_that_the_manifests_name(stage: str) -> None:
    security = the("Deployment", manifests())["spec"]["template"]["spec"]["securityContext"]
    assert last(stage, "USER") == f"{security['runAsUser']}:{security['runAsGroup']}"
    assert security["fsGroup"] == security["runAsGroup"]


@pytest.mark.parametrize("stage", ["models", "serve"])
def test_what_an_image_runs_by_itself_is_a_command(stage: str) -> None:
    """Neither the manifests nor compose.yaml say it again."""
    assert words_of(last(stage, "ENTRYPOINT")) == ["argusd"]
    command, *arguments = words_of(last(stage, "CMD"))
    build_parser([command]).parse_args([command, *arguments])


def test_the_last_stage_serves() -> None:
    assert list(STAGES)[-1] == "serve"


def test_the_context_holds_every_folder_that_is_installed_and_none_else(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = project["tool"]["setuptools"]["package-dir"].values()
    folders = {*installed, *project["build-system"]["backend-path"]}
    files = {
        "pyproject.toml",
        "CONTRIBUTING.md",
        project["project"]["readme"],
        *project["project"]["license-files"],
    }
    assert set(context_of((ROOT / ".dockerignore").read_text())) == {*folders, *files}
    copy_context(ROOT, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*folders, *files}
    assert list(tmp_path.rglob("__pycache__")) == []
