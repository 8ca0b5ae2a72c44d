"""Which library runs the graphs, on which device, and what a batch's cost depends on besides the model."""

import importlib.util
import platform
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import onnxruntime

from argusd.kernels.cuda.device import Device

from ..config import EngineName
from ..contract.names import cuda_index
from ..core import Engine
from ..errors import DeviceUnavailable
from .devices import gpu_count
from .limits import THREADS
from .onnx_binding import BoundOnnxEngine
from .onnx_runtime import CUDA_PROVIDER, OnnxEngine

NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")
PROCESSORS = Path("/proc/cpuinfo")


class Target(NamedTuple):
    """``engine``: onnxruntime or torch. ``device``: ``cpu`` or ``cuda:N``.

    ``half``: convolutions and products are computed in half precision.
    """

    engine: str
    device: str
    half: bool = False

    @property
    def halves(self) -> bool:
        """Whether half precision can be had, and pays: ONNX Runtime needs other graphs for it."""
        return self.engine == "torch" and self.device != "cpu"

    def load(self, graph: bytes, name: str, memory: Device | None = None) -> Engine:
        """An engine for a graph; ``name`` is its file's, ``memory`` the device's, where feeds may lie in it.

        Raises:
            InferenceFailed: it is no graph, or none that this library runs.
            DeviceUnavailable: the device is not there.
        """
        if self.engine == "torch":
            from .torch_engine import TorchEngine

            return TorchEngine(graph, name, self.device, half=self.half)
        if memory is not None:
            return BoundOnnxEngine(graph, name, self.device, memory)
        return OnnxEngine(graph, name, self.device)

    @property
    def setting(self) -> tuple[str, ...]:
        """What a batch's cost depends on besides the model: device, make, driver, library, and their use."""
        make = _make(self.device)
        return (self.device, *make, self.engine, self.library_version, f"{THREADS} thread")

    @property
    def library_version(self) -> str:
        """The version of the engine's library."""
        return metadata.version("torch") if self.engine == "torch" else onnxruntime.__version__


CPU = Target("onnxruntime", "cpu")


def resolve(engine: EngineName, device: str, index: int = 0) -> Target:
    """For what is configured; ``auto`` is a GPU if there is one, and ONNX Runtime if it can use that.

    The live schedulers take turns at the GPUs by their ``index``: with as many of them each has its own.

    Raises:
        DeviceUnavailable: the device's name is unknown, or no library that may be used was built for it.
    """
    if device not in ("auto", "cpu") and cuda_index(device) is None:
        raise DeviceUnavailable(f"device {device!r} is not auto, cpu or cuda:N")
    if device == "auto":
        # ONNX Runtime lists CUDA on machines without a GPU as well.
        gpus = gpu_count() if _with_cuda(engine) else 0
        device = f"cuda:{index % gpus}" if gpus else "cpu"
    if device == "cpu":
        return Target("onnxruntime" if engine == "auto" else engine, device)
    able = _with_cuda(engine)
    if able is None:
        wanted = "PyTorch with CUDA" if engine == "torch" else "onnxruntime-gpu (install the extra 'gpu')"
        raise DeviceUnavailable(f"{device} needs {wanted}")
    return Target(able, device)


def _with_cuda(engine: EngineName) -> str | None:
    """Of the libraries that may be used, the first that was built with CUDA."""
    if engine != "torch" and CUDA_PROVIDER in onnxruntime.get_available_providers():
        return "onnxruntime"
    return "torch" if engine != "onnxruntime" and _torch_has_cuda() else None


def _torch_has_cuda() -> bool:
    if not gpu_count() or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def _make(device: str) -> tuple[str, ...]:
    index = cuda_index(device)
    if index is None:
        return (_line(PROCESSORS, "model name"), platform.machine())
    gpus = sorted(NVIDIA_GPUS.glob("*/information"))  # in the order of the bus, as CUDA numbers them
    return (_line(gpus[index], "Model") if index < len(gpus) else "", _line(NVIDIA_DRIVER, "NVRM version"))


def _line(path: Path, name: str) -> str:
    """The value of a line ``name : value``; empty where there is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
