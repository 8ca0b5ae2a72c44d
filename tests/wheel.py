"""The wheel of this tree, and environments that hold it with one of its extras and nothing else."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_SOURCES = shutil.ignore_patterns(".*", "*.egg-info", "tests", "build")


def build_wheel(folder: Path) -> Path:
    """The wheel, made in a folder by the setuptools that is here: no network plays a part."""
    shutil.copytree(ROOT, folder / "tree", ignore=NO_SOURCES)
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    run(sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", folder, folder / "tree")
    (wheel,) = folder.glob("argusd-*.whl")
    return wheel


@contextmanager
def installed(extra: str, folder: Path) -> Iterator[Path]:
    """The ``bin`` of an environment that holds ``argusd[extra]``; it goes at the end, being large.

    One step asks a package index, and its failure skips the test: what it brought is installed without one.
    """
    wheel, environment, wheels = build_wheel(folder), folder / "env", folder / "wheels"
    venv.create(environment, with_pip=True)
    try:
        pip = environment / "bin/pip"
        asked = subprocess.run(
            [pip, "download", "--dest", wheels, f"{wheel}[{extra}]"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode:
            pytest.skip(f"pip cannot fetch what argusd[{extra}] needs: {asked.stderr.strip()[-200:]}")
        run(pip, "install", "--no-index", "--find-links", wheels, f"{wheel}[{extra}]")
        yield environment / "bin"
    finally:
        for each in (environment, wheels, folder / "tree"):
            shutil.rmtree(each, ignore_errors=True)


def run(*command: str | Path) -> str:
    """The output of a command that must succeed. This checkout is not on its path."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run(
        list(map(str, command)), env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
