"""Which peers this machine has. Where one is missing its tests skip; in continuous integration they fail."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOW = "run `make test-packages` as root, or install it"
NODE_MODULES = Path(__file__).parent / "node_modules"
# The system's own: GStreamer's bindings are compiled for it.
SYSTEM_PYTHON = "/usr/bin/python3"
GSTREAMER = "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import GstWebRTC"


def require_program(name: str) -> None:
    if shutil.which(name) is None:
        missing(name)


def require_package(name: str) -> None:
    """A package from npm; it is installed beside this file."""
    require_program("node")
    if not (NODE_MODULES / name).is_dir():
        missing(f"the npm package {name}")


def require_gstreamer() -> None:
    require_program(SYSTEM_PYTHON)
    if subprocess.run([SYSTEM_PYTHON, "-c", GSTREAMER], capture_output=True, check=False).returncode:
        missing("GStreamer's WebRTC plugin with its bindings for Python")


def missing(what: str) -> None:
    say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    say(f"{what} is not here: {HOW}")
