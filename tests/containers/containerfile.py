"""The Containerfile, read: its instructions, stage by stage, and what the context holds."""

import json
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import NamedTuple

KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "RUN", "USER", "WORKDIR"}


class Stage(NamedTuple):
    """A part of the Containerfile that begins with FROM."""

    name: str
    base: str
    steps: tuple[tuple[str, str], ...]


def stages_of(text: str) -> list[Stage]:
    """The stages in their order.

    Raises:
        ValueError: an instruction is none of those that are carried out here.
    """
    stages: list[Stage] = []
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line.strip():
            continue
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(name or str(len(stages)), base, ()))
        elif word not in KNOWN:
            raise ValueError(f"there is no instruction {word}")
        elif stages:
            stages[-1] = stages[-1]._replace(steps=(*stages[-1].steps, (word, rest)))
    return stages


def arguments_of(text: str) -> dict[str, str]:
    """The build arguments of the whole file, with their defaults."""
    before = text.partition("\nFROM ")[0]
    return dict(re.findall(r"^ARG (\w+)=(\S+)$", before, re.MULTILINE))


def variables_of(rest: str, before: Mapping[str, str]) -> dict[str, str]:
    """What an ENV sets; a value may name a variable that was set before."""
    return dict(Template(word).safe_substitute(before).split("=", 1) for word in shlex.split(rest))


def words_of(rest: str) -> list[str]:
    """A command in the form of JSON."""
    return [str(word) for word in json.loads(rest)]


def context_of(ignoring: str) -> list[str]:
    """The names that a ``.dockerignore`` of allowed names lets in."""
    return [line.removeprefix("!") for line in ignoring.splitlines() if line.startswith("!")]


def copy_context(root: Path, into: Path) -> None:
    """Copy what the image is made of."""
    for name in context_of((root / ".dockerignore").read_text()):
        if (root / name).is_dir():
            shutil.copytree(root / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(root / name, into / name)
