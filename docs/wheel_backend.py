"""Builds argusd's wheel (PEP 517): setuptools does, and the guide is built into it first."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - all other hooks are setuptools' own

ROOT = Path(__file__).parents[1]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What builds the guide, beside what setuptools asks for; a clone's editable install needs none of it."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    return [*build_meta.get_requires_for_build_wheel(config_settings), *extras["docs"]]


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Build the guide where package data are looked for, then the wheel."""
    shutil.rmtree(ROOT / "api/guide", ignore_errors=True)
    sphinx = (sys.executable, "-m", "sphinx", "-q", "-b", "html", "-d", "build/doctrees")
    # A source archive lacks files that links lead to; `make docs` is strict about them.
    lenient = ("-D", "suppress_warnings=myst.xref_missing")
    subprocess.run([*sphinx, *lenient, "docs", "api/guide"], cwd=ROOT, check=True)
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
