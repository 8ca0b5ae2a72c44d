"""Every command that a document names is one that exists, with options that it takes."""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from argusd.daemon.cli import COMMANDS, build_parser

from .documents import ROOT, Block, commands, documents, how, shell_blocks

COMMAND = re.compile(r"(?:(?<=[\s`/|])|^)argusd (?P<words>[^`|#&>;\n]*)", re.MULTILINE)
EXTRA = re.compile(r"argusd(?:-[\d.]+[^\s\[]*\.whl)?\[([a-z,]+)\]")
TARGET = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
FILMS = ("interview.mkv", "interview.mp4", "exam-1.mkv")
FILES = ("FILE", *FILMS, "before.jsonl", "calmer.json", "defaults.json")
PLACES = {"FOLDER": ".", "URL": "http://127.0.0.1:8015", "N": "1"}


def documented() -> Iterator[tuple[str, list[str]]]:
    """Where a command stands, and its words; a command's bare name is a mention of it."""
    for name, text in documents().items():
        for found in COMMAND.finditer(text):
            words = found["words"].rstrip("\\ ").translate(str.maketrans("", "", "[]"))
            if words.partition(" ")[0] in COMMANDS and len(asked := shlex.split(words)) > 1:
                yield name, asked


LINES = sorted({(name, shlex.join(words)) for name, words in documented()})


@pytest.mark.parametrize(("document", "line"), LINES)
def test_a_command_is_understood(document: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    if not line.startswith("record "):  # which makes its file
        file.touch()
    places = PLACES | dict.fromkeys(FILES, str(file))
    words = [places.get(word, word) for word in shlex.split(line)]
    assert build_parser(words[:1]).parse_args(words).command == words[0], document


def test_there_are_commands_in_the_documents_that_newcomers_read() -> None:
    assert {"README.md", "docs/operations.md", "docs/terminal.md"} <= {document for document, _ in LINES}


def test_every_extra_and_every_target_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name, text in documents().items():
        asked = {extra for found in EXTRA.findall(text) for extra in found.split(",")}
        assert asked <= set(extras), name
        assert set(TARGET.findall(text)) <= targets, name


@pytest.mark.parametrize("block", shell_blocks(), ids=lambda block: f"{block.document}:{block.text[:30]}")
def test_every_command_is_run_somewhere_and_a_shell_reads_it(block: Block) -> None:
    assert [where for line in commands(block) if not (ROOT / (where := how(line))).exists()] == []
    plain = block.text.translate(str.maketrans("", "", "[]…"))
    read = subprocess.run(["bash", "-n"], input=plain, text=True, capture_output=True, check=False)
    assert read.returncode == 0, read.stderr
