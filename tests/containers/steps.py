"""Carries out the Containerfile's steps without a container engine: `make image-steps`.

    python -m tests.containers.steps FOLDER [--extra gpu]

``FOLDER/debian`` stands for ``debian:bookworm-slim``; debootstrap makes it of Debian's own packages. Each
stage is a folder beside it, whose steps run with that folder as root. What comes out is the image's files,
and ``FOLDER/STAGE.json`` what it says of its user, its variables and its command; ``trial.py`` runs it.
It needs root, debootstrap and unshare. Layers, caches and registries are an engine's; they are not tried.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .containerfile import Stage, arguments_of, copy_context, stages_of, variables_of, words_of
from .root import PATH, run_step

ROOT = Path(__file__).parents[2]
SUITE = "bookworm"
Image = dict[str, Any]


def main() -> int:
    """Build; 0, or what ``sys.exit`` was told of the step that failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--extra")
    asked = parser.parse_args()
    text = (ROOT / "Containerfile").read_text()
    arguments = arguments_of(text) | ({"EXTRA": asked.extra} if asked.extra else {})
    asked.folder.mkdir(parents=True, exist_ok=True)
    for stage in stages_of(text):
        build(stage, asked.folder, arguments)
    return 0


def build(stage: Stage, folder: Path, arguments: dict[str, str]) -> None:
    """Carry out one stage's steps in a root of its own."""
    described = folder / f"{stage.base}.json"
    base = folder / stage.base if described.exists() else debian(folder)
    image: Image = {"user": "0:0", "env": {"PATH": PATH}, "workdir": "/"}
    if described.exists():
        image = json.loads(described.read_text())
    root = folder / stage.name
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", str(base), str(root)], check=True)
    for word, rest in stage.steps:
        print(f"{stage.name}: {word} {' '.join(rest.split())}"[:140], flush=True)
        if word == "RUN":
            run(root, rest, image, arguments)
        elif word == "COPY":
            copy(rest, folder, root, image["workdir"])
        else:
            describe(word, rest, root, image)
    (folder / f"{stage.name}.json").write_text(json.dumps(image, indent=1))


def debian(folder: Path) -> Path:
    """A fresh Debian."""
    root = folder / "debian"
    if not (root / "etc/debian_version").exists():
        print(f"FROM debian:{SUITE}-slim, by debootstrap", flush=True)
        command = ["debootstrap", "--variant=minbase", SUITE, str(root)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return root


def run(root: Path, rest: str, image: Image, arguments: dict[str, str]) -> None:
    """Carry out a RUN; build arguments are variables of its shell."""
    started = time.monotonic()
    command = ["sh", "-ec", f"cd {image['workdir']}; {rest}"]
    if status := run_step(root, image["user"], image["env"] | arguments, command):
        sys.exit(f"that step failed with status {status}")
    print(f"    {time.monotonic() - started:.1f} s", flush=True)


def copy(rest: str, folder: Path, root: Path, workdir: str) -> None:
    """Carry out a COPY: of the whole context, or of a folder of another stage."""
    *options, source, target = rest.split()
    if options:
        other = folder / options[0].removeprefix("--from=")
        into = root / target.lstrip("/")
        into.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(other / source.lstrip("/")), str(into)], check=True)
    else:
        copy_context(ROOT, root / workdir.lstrip("/"))


def describe(word: str, rest: str, root: Path, image: Image) -> None:
    """Keep what the image says of itself."""
    if word == "ENV":
        image["env"] |= variables_of(rest, image["env"])
    elif word == "WORKDIR":
        image["workdir"] = rest
        (root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif word == "USER":
        image["user"] = rest
    elif word in ("CMD", "ENTRYPOINT"):
        image[word.lower()] = words_of(rest)


if __name__ == "__main__":
    sys.exit(main())
