"""The real library on a graph of one node."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from argusd.scheduler.errors import DeviceLost, DeviceUnavailable, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.engines import OnnxEngine, failure, resolve_device


@pytest.fixture
def doubling() -> bytes:
    """A graph that doubles f32 ``[B, 2]``."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "doubling",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_it_runs_batches_of_any_size(doubling: bytes) -> None:
    engine = OnnxEngine(doubling, "doubling.onnx", "cpu")
    for batch in (1, 5):
        [doubled] = engine.run({"x": np.full((batch, 2), 3.0, np.float32)})
        assert doubled.tolist() == [[6.0, 6.0]] * batch


@pytest.mark.parametrize("kept", [0, 50], ids=["empty", "cut short"])
def test_a_file_that_is_no_graph_is_an_error_that_says_how_to_check_it(doubling: bytes, kept: int) -> None:
    with pytest.raises(InferenceFailed, match=r"cannot load doubling\.onnx; `argusd models verify`"):
        OnnxEngine(doubling[:kept], "doubling.onnx", "cpu")


@pytest.mark.parametrize(
    "feeds",
    [
        {"x": np.zeros((1, 3), np.float32)},
        {"x": np.zeros((1, 2), np.float64)},
        {"z": np.zeros((1, 2), np.float32)},
        {},
    ],
)
def test_feeds_the_graph_does_not_take_are_a_typed_error(
    doubling: bytes, feeds: dict[str, np.ndarray]
) -> None:
    with pytest.raises(InferenceFailed) as caught:
        OnnxEngine(doubling, "doubling.onnx", "cpu").run(feeds)
    assert caught.value.code == "inference_failed"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CUDA failure 2: out of memory ; GPU=0", OutOfMemory),
        ("Failed to allocate memory for requested buffer of size 9", OutOfMemory),
        ("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", OutOfMemory),
        ("CUDA failure 700: an illegal memory access was encountered", DeviceLost),
        ("CUDA error 719: unspecified launch failure", DeviceLost),
        ("CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be", DeviceLost),
        ("CUDA error: device-side assert triggered", DeviceLost),
        ("CUDA error: out of memory\nCUDA kernel errors might be", OutOfMemory),
        ("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79", OutOfMemory),
        ("CUDA error: invalid configuration argument", InferenceFailed),
        ("Got invalid dimensions for input: x", InferenceFailed),
        ("CUDA failure 7000", InferenceFailed),
    ],
)
def test_what_the_library_says_tells_what_to_do(text: str, kind: type[InferenceFailed]) -> None:
    assert type(failure(text)) is kind


def test_devices_are_named_cpu_or_cuda() -> None:
    assert resolve_device("cpu") == "cpu"
    with pytest.raises(DeviceUnavailable, match="not auto, cpu or cuda:N"):
        resolve_device("tpu")


def test_auto_does_not_believe_the_library_that_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: listed)
    monkeypatch.setattr("argusd.scheduler.loaded.engines.NVIDIA_CONTROL", Path("/nonexistent"))
    assert resolve_device("auto") == "cpu"
    monkeypatch.setattr("argusd.scheduler.loaded.engines.NVIDIA_CONTROL", Path("/dev/null"))
    assert resolve_device("auto") == "cuda:0"
    assert resolve_device("cuda:1") == "cuda:1"


def test_live_schedulers_take_turns_at_the_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidiactl", "nvidia0", "nvidia1", "nvidia-uvm"):
        (tmp_path / name).touch()
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr("argusd.scheduler.loaded.engines.NVIDIA_CONTROL", tmp_path / "nvidiactl")
    assert [resolve_device("auto", index) for index in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert resolve_device("cuda:1", 2) == "cuda:1"


def test_cuda_without_the_library_for_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DeviceUnavailable, match="onnxruntime-gpu"):
        resolve_device("cuda:0")
