"""How many GPUs there are; asks no library: processes without one want to know."""

import os
from importlib import metadata
from pathlib import Path

from ..config import EngineName

NVIDIA_CONTROL = Path("/dev/nvidiactl")


def gpu_count() -> int:
    """How many GPUs the NVIDIA driver shows to this process (``CUDA_VISIBLE_DEVICES`` may hide some)."""
    if not NVIDIA_CONTROL.exists():
        return 0
    there = len(list(NVIDIA_CONTROL.parent.glob("nvidia[0-9]*"))) or 1  # WSL shows none by number
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    return there if shown is None else min(there, sum(bool(name.strip()) for name in shown.split(",")))


def usable_gpus(engine: EngineName) -> int:
    """How many GPUs ``device = "auto"`` will use, judged by which builds of the libraries are installed."""
    built = engine != "torch" and _installed("onnxruntime-gpu") is not None
    torch = None if engine == "onnxruntime" else _installed("torch")
    return gpu_count() if built or (torch is not None and not torch.endswith("+cpu")) else 0


def _installed(package: str) -> str | None:
    """The version of a distribution that is installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
