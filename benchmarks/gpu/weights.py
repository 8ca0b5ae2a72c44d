"""The models of the live streams: their adapters, and their graphs from files that came along."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from argusd.scheduler.models.faces.blazeface import FULL_RANGE, BlazeFace
from argusd.scheduler.models.faces.facemesh import FaceMesh
from argusd.scheduler.models.faces.faceres import FaceRes
from argusd.scheduler.models.objects.centernet import CenterNet
from argusd.scheduler.models.voices.ge2e import Ge2e
from argusd.scheduler.models.voices.silero import Silero

SEEING: dict[str, Callable[[str], Any]] = {
    "blazeface_full_range": lambda name: BlazeFace(name, FULL_RANGE),
    "facemesh_attention": FaceMesh,
    "centernet": CenterNet,
    "faceres": FaceRes,
}
MODELS: dict[str, Callable[[str], Any]] = {**SEEING, "silero_vad": Silero, "ge2e": Ge2e}


def graph(folder: Path, name: str) -> bytes:
    """The ONNX file whose name begins with the model's.

    Raises:
        FileNotFoundError: there is none.
    """
    files = sorted(folder.rglob(f"{name}*.onnx"))
    if not files:
        raise FileNotFoundError(f"there is no {name}*.onnx among the models")
    return files[0].read_bytes()


def present(folder: Path) -> list[str]:
    """The models whose files are there."""
    return [name for name in MODELS if any(folder.rglob(f"{name}*.onnx"))]


def absent(folder: Path) -> list[str]:
    """Sentences about the models whose files are not."""
    return [f"{name} is left out: no {name}*.onnx" for name in MODELS if name not in present(folder)]
