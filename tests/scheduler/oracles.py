"""The reference libraries of ``tests/oracles.txt``; tests that need one skip where it is not installed."""

import os
import tempfile
from functools import cache
from typing import Any

import pytest

from argusd.scheduler.zoo.importers.pytorch.torchaudio_shim import ensure_torchaudio
from argusd.scheduler.zoo.importers.pytorch.torchvision_shim import ensure_torchvision

REASON = "pip install --no-deps -r tests/oracles.txt"


def oracle(module: str) -> Any:
    """Import a module of a reference library."""
    _prepare()
    return pytest.importorskip(module, reason=REASON)


@cache
def _prepare() -> None:
    # ultralytics keeps its settings in a folder, asks whether it is online, and would install what it misses.
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.mkdtemp(prefix="ultralytics-"))
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    ensure_torchvision()
    ensure_torchaudio()  # which transformers imports wherever it is installed
