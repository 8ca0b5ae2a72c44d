"""Which library runs on which device."""

from pathlib import Path

import pytest

from argusd.scheduler.config import EngineName
from argusd.scheduler.engines import devices
from argusd.scheduler.engines.targets import CPU, Target, resolve
from argusd.scheduler.errors import DeviceUnavailable

ONNX_RUNTIME, TORCH = "onnxruntime", "torch"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Machine":
    return Machine(tmp_path, monkeypatch)


class Machine:
    """A machine with so many GPUs and libraries that were built with CUDA or without."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = monkeypatch

    def has(self, gpus: int, *with_cuda: str) -> None:
        names = ["nvidiactl", "nvidia-uvm", *(f"nvidia{index}" for index in range(gpus))]
        for name in names if gpus else []:
            (self._folder / name).touch()
        # ONNX Runtime's GPU build lists CUDA wherever it is installed.
        listed = ["CUDAExecutionProvider"] if ONNX_RUNTIME in with_cuda else ["CPUExecutionProvider"]
        self._patch.setattr("onnxruntime.get_available_providers", lambda: listed)
        self._patch.setattr("torch.cuda.is_available", lambda: TORCH in with_cuda)
        self._patch.setattr(devices, "NVIDIA_CONTROL", self._folder / "nvidiactl")


def test_without_a_gpu_auto_is_the_cpu_whatever_the_library_lists(machine: Machine) -> None:
    machine.has(0, ONNX_RUNTIME)
    assert resolve("auto", "auto") == resolve("auto", "cpu") == CPU
    assert resolve("torch", "auto") == Target(TORCH, "cpu")


def test_onnx_runtime_comes_first_and_pytorch_where_it_alone_can_use_the_gpu(machine: Machine) -> None:
    machine.has(1, ONNX_RUNTIME, TORCH)
    assert resolve("auto", "auto") == Target(ONNX_RUNTIME, "cuda:0")
    assert resolve("torch", "cuda:0") == Target(TORCH, "cuda:0")
    machine.has(1, TORCH)
    assert resolve("auto", "auto") == resolve("auto", "cuda:0") == Target(TORCH, "cuda:0")
    assert resolve("onnxruntime", "auto") == CPU


def test_live_schedulers_take_turns_at_the_gpus(machine: Machine) -> None:
    machine.has(2, ONNX_RUNTIME)
    assert [resolve("auto", "auto", index).device for index in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert resolve("auto", "cuda:1", 2).device == "cuda:1"


def test_devices_are_named_auto_cpu_or_cuda() -> None:
    with pytest.raises(DeviceUnavailable, match="'tpu' is not auto, cpu or cuda:N"):
        resolve("torch", "tpu")


@pytest.mark.parametrize(
    ("engine", "needed"),
    [("auto", "onnxruntime-gpu"), ("onnxruntime", "onnxruntime-gpu"), ("torch", "PyTorch with CUDA")],
)
def test_cuda_without_a_library_for_it_is_an_error(machine: Machine, engine: EngineName, needed: str) -> None:
    machine.has(1)
    with pytest.raises(DeviceUnavailable, match=f"cuda:0 needs {needed}"):
        resolve(engine, "cuda:0")


def test_a_curve_is_kept_for_its_library_alone() -> None:
    assert CPU.setting != Target(TORCH, "cpu").setting
