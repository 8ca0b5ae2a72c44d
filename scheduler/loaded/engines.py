"""ONNX Runtime behind the ``Engine`` protocol, on a CPU core or a CUDA device."""

import logging
import platform
import re
from pathlib import Path
from typing import Any

import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from ..core import Feeds
from ..errors import DeviceLost, DeviceUnavailable, InferenceFailed, OutOfMemory
from .arena import use_arena

log = logging.getLogger(__name__)

CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"
NVIDIA_CONTROL = Path("/dev/nvidiactl")
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")
PROCESSORS = Path("/proc/cpuinfo")
THREADS = 1  # per session: sessions side by side beat threads within one
ERRORS_ONLY = 3

RUN_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.RuntimeException,
    ort_errors.EPFail,
    ort_errors.NotImplemented,
    ValueError,  # a feed is missing or of another type
)
LOAD_ERRORS = (*RUN_ERRORS, ort_errors.InvalidGraph, ort_errors.InvalidProtobuf, ort_errors.NoSuchFile)
OUT_OF_MEMORY = re.compile(r"out of memory|failed to allocate|ALLOC_FAILED|bad_alloc", re.IGNORECASE)
# CUDA errors after which every call of the process fails (CUDA runtime API, cudaError_t): uncorrectable ECC,
# illegal address, launch timeout, assert, hardware stack, illegal instruction, misaligned address,
# invalid address space, invalid pc, launch failure. ONNX Runtime says the number, PyTorch the words.
STICKY = re.compile(
    r"CUDA (?:failure|error):? (?:(?:214|700|702|710|714|715|716|717|718|719)\b|uncorrectable ECC|"
    r"an illegal (?:memory access|instruction)|the launch timed out|device-side assert|hardware stack|"
    r"misaligned address|operation not supported on global|invalid program counter|unspecified launch)",
    re.IGNORECASE,
)


class OnnxEngine:
    """One model's graph, loaded. ``run`` releases the interpreter lock while the graph runs."""

    def __init__(self, graph: bytes, name: str, device: str) -> None:
        """Load a graph; ``name`` is its file's.

        Raises:
            DeviceUnavailable: CUDA was asked for and the library fell back to the CPU.
            InferenceFailed: it is no graph, or none that this library runs.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if device == "cpu":
            use_arena(options)
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=_providers(device))
        except LOAD_ERRORS as error:
            what = f"ONNX Runtime cannot load {name}; `argusd models verify` tells whether it is intact"
            raise InferenceFailed(what) from error
        if device != "cpu" and CUDA_PROVIDER not in self._session.get_providers():
            raise DeviceUnavailable(f"{device} cannot be used: ONNX Runtime fell back to the CPU")

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Run a batch; all outputs, in the graph's order.

        Raises:
            OutOfMemory: a smaller batch may fit.
            DeviceLost: nothing will run in this process any more.
            InferenceFailed: any other refusal.
        """
        try:
            tensors: list[NDArray[Any]] = self._session.run(None, feeds)
        except RUN_ERRORS as error:
            raise failure(str(error)) from error
        return tensors


def failure(text: str) -> InferenceFailed:
    """What the library's error text means for the scheduler."""
    if STICKY.search(text):
        return DeviceLost("the CUDA device cannot be used by this process any more")
    if OUT_OF_MEMORY.search(text):
        return OutOfMemory("the device has no memory for this batch")
    return InferenceFailed("ONNX Runtime could not run the batch")


def resolve_device(configured: str, index: int = 0) -> str:
    """``cpu`` or ``cuda:N`` for what is configured; ``auto`` is a GPU if there is one.

    The live schedulers take turns at the GPUs by their ``index``: with as many of them each has its own.

    Raises:
        DeviceUnavailable: the name is unknown, or ONNX Runtime was built without CUDA.
    """
    has_cuda = CUDA_PROVIDER in onnxruntime.get_available_providers()
    if configured == "auto":
        # The library lists CUDA on machines without a GPU as well.
        gpus = len(list(NVIDIA_CONTROL.parent.glob("nvidia[0-9]*"))) or 1
        return f"cuda:{index % gpus}" if has_cuda and NVIDIA_CONTROL.exists() else "cpu"
    if configured == "cpu":
        return "cpu"
    if not re.fullmatch(r"cuda:\d+", configured):
        raise DeviceUnavailable(f"device {configured!r} is not auto, cpu or cuda:N")
    if not has_cuda:
        raise DeviceUnavailable(f"{configured} needs onnxruntime-gpu (install the extra 'gpu')")
    return configured


def setting(device: str) -> tuple[str, ...]:
    """What a batch's cost depends on besides the model: device, its make, its driver, and how it is used."""
    return (device, *_make(device), "onnxruntime", onnxruntime.__version__, f"{THREADS} thread")


def _make(device: str) -> tuple[str, ...]:
    if device == "cpu":
        return (_line(PROCESSORS, "model name"), platform.machine())
    gpus = sorted(NVIDIA_GPUS.glob("*/information"))  # in the order of the bus, as CUDA numbers them
    index = int(device.removeprefix("cuda:"))
    return (_line(gpus[index], "Model") if index < len(gpus) else "", _line(NVIDIA_DRIVER, "NVRM version"))


def _line(path: Path, name: str) -> str:
    """The value of a line ``name : value``; empty where there is none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _providers(device: str) -> list[Any]:
    if device == "cpu":
        return [CPU_PROVIDER]
    return [(CUDA_PROVIDER, {"device_id": int(device.removeprefix("cuda:"))}), CPU_PROVIDER]
