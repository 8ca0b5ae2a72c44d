"""The real library's bindings on the host's memory, and what is asked of it where a GPU would be."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from argusd.scheduler.core import DeviceEngine, Feeds
from argusd.scheduler.engines.onnx_binding import BoundOnnxEngine
from argusd.scheduler.engines.onnx_runtime import CUDA_PROVIDER, OnnxEngine
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.models.registry import Graph
from argusd.scheduler.zoo.store import ZooStore

from ...kernels.cuda.host_device import HostDevice
from ...waiting import LONGEST_S

ILLEGAL = "Error in execution: CUDA failure 700: an illegal memory access was encountered"


class Memory(HostDevice):
    """A device's memory; ``done`` has what was asked of it, and of the library, in order."""

    def __init__(self, library: Path) -> None:
        super().__init__(library)
        self.done: list[str] = []

    def wait(self) -> None:
        self.done.append("waited")


@pytest.fixture
def memory(kernels_library: Path) -> Memory:
    return Memory(kernels_library)


@pytest.fixture
def engine(doubling: bytes, memory: Memory) -> BoundOnnxEngine:
    return BoundOnnxEngine(doubling, "doubling.onnx", "cpu", memory)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["silero_vad", "facemesh_attention"])
def test_a_model_gives_what_it_gives_unbound(name: str, store: ZooStore, memory: Memory) -> None:
    """A state along its second axis and a number without dimensions; seven outputs."""
    file, entry = store.read(name), MODELS[name]
    assert isinstance(entry, Graph)
    bound = BoundOnnxEngine(file.content, file.name, "cpu", memory)
    plain = OnnxEngine(file.content, file.name, "cpu")
    rng = np.random.default_rng(1)
    for rows in (1, 3, 4):
        feeds = {
            each: rng.uniform(0, 1, value.shape).astype(value.dtype) if value.ndim else value
            for each, value in entry.make(name).example(rows).items()
        }
        for found, wanted in zip(bound.run(feeds), plain.run(feeds), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1.0, float(np.ptp(wanted))))


def test_batches_are_filled_up_and_cut(engine: BoundOnnxEngine) -> None:
    for rows in (1, 3, 5):
        [doubled] = engine.run({"x": np.full((rows, 2), 3.0, np.float32)})
        assert doubled.tolist() == [[6.0, 6.0]] * rows


def test_an_address_stands_for_its_values_however_they_lie(engine: BoundOnnxEngine) -> None:
    values = np.arange(8, dtype=np.float32).reshape(2, 4).T
    [doubled] = engine.run({"x": values})
    np.testing.assert_array_equal(doubled, 2 * values)


def test_outputs_are_used_where_they_lie_and_not_overwritten(engine: BoundOnnxEngine) -> None:
    assert isinstance(engine, DeviceEngine)
    first = engine.run_then({"x": np.ones((2, 2), np.float32)}, lambda outputs: outputs[0])
    engine.run({"x": np.zeros((2, 2), np.float32)})
    assert first.tolist() == [[2.0, 2.0]] * 2


@pytest.mark.parametrize(
    "feeds",
    [
        {"x": np.zeros((1, 3), np.float32)},
        {"x": np.zeros((1, 2), np.float64)},
        {"z": np.zeros((1, 2), np.float32)},
        {},
    ],
)
def test_feeds_the_graph_does_not_take_are_a_typed_error(engine: BoundOnnxEngine, feeds: Feeds) -> None:
    with pytest.raises(InferenceFailed) as caught:
        engine.run(feeds)
    assert caught.value.code == "inference_failed"


def test_what_is_made_of_a_batch_does_not_hold_up_the_next_one(engine: BoundOnnxEngine) -> None:
    """The library runs one of a session at a time; decoding is not its business."""
    other: list[Any] = []

    def then(outputs: list[Any]) -> None:
        x = {"x": np.ones((1, 2), np.float32)}
        batch = threading.Thread(target=lambda: other.extend(engine.run(x)))
        batch.start()
        batch.join(LONGEST_S)
        assert not batch.is_alive()

    engine.run_then({"x": np.ones((1, 2), np.float32)}, then)
    assert other[0].tolist() == [[2.0, 2.0]]


class Binding:
    """The library's own, on the CPU, where a GPU was asked for."""

    def __init__(self, session: onnxruntime.InferenceSession, asked: list[Any]) -> None:
        self.real = session.io_binding()
        self._asked = asked

    def bind_input(self, name: str, kind: str, index: int, dtype: Any, shape: Any, address: int) -> None:
        self._asked.append((name, kind, index, address))
        self.real.bind_input(name, "cpu", 0, dtype, shape, address)

    def bind_output(self, name: str, kind: str, index: int) -> None:
        self._asked.append((name, kind, index))
        self.real.bind_output(name, "cpu", 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class CudaSession:
    """A session of a build for CUDA. ``running`` is called as it runs; ``most`` runs were at work at once."""

    def __init__(self, graph: bytes, options: Any, providers: list[Any]) -> None:
        self.providers = providers
        self.asked: list[Any] = []
        self.running: Callable[[], None] = lambda: None
        self.at_work = self.most = 0
        self._real = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def get_providers(self) -> list[str]:
        return [CUDA_PROVIDER]

    def io_binding(self) -> Binding:
        return Binding(self._real, self.asked)

    def run_with_iobinding(self, binding: Binding) -> None:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.running()
        self._real.run_with_iobinding(binding.real)
        self.at_work -= 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class OnGpu(np.ndarray):
    """What lies in a GPU's memory."""


class GpuMemory(Memory):
    """One whose tensors are told from the host's."""

    def array(self, values: Any) -> NDArray[Any]:
        if isinstance(values, np.ndarray) and not isinstance(values, OnGpu):
            self.done.append("copied")
        return np.asarray(values).view(OnGpu)


@pytest.fixture
def gpu(
    doubling: bytes, kernels_library: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[BoundOnnxEngine, CudaSession, GpuMemory]:
    made: list[CudaSession] = []
    real = onnxruntime.InferenceSession

    def session(*given: Any, **options: Any) -> CudaSession:
        monkeypatch.setattr("onnxruntime.InferenceSession", real)
        made.append(CudaSession(*given, **options))
        return made[0]

    monkeypatch.setattr("onnxruntime.InferenceSession", session)
    memory = GpuMemory(kernels_library)
    return BoundOnnxEngine(doubling, "doubling.onnx", "cuda:1", memory), made[0], memory


def test_crops_on_the_device_are_bound_where_they_lie_and_outputs_are_left_there(
    gpu: tuple[BoundOnnxEngine, CudaSession, GpuMemory],
) -> None:
    engine, session, memory = gpu
    crops = np.ones((4, 2), np.float32).view(OnGpu)
    session.running = lambda: memory.done.append("ran")

    def then(outputs: list[Any]) -> list[Any]:
        assert isinstance(outputs[0], OnGpu)
        return [output.tolist() for output in outputs]

    assert engine.run_then({"x": crops}, then) == [[[2.0, 2.0]] * 4]
    assert session.asked == [("x", "cuda", 1, crops.ctypes.data), ("y", "cuda", 1)]
    assert memory.done == ["waited", "ran"], "what fills the crops is waited for, and nothing crosses the bus"
    provider, options = session.providers[0]
    assert (provider, options["device_id"]) == (CUDA_PROVIDER, 1)


def test_feeds_of_the_host_are_copied_to_the_device_first(
    gpu: tuple[BoundOnnxEngine, CudaSession, GpuMemory],
) -> None:
    engine, session, memory = gpu
    session.running = lambda: memory.done.append("ran")
    engine.run({"x": np.ones((3, 2), np.float32)})
    assert memory.done == ["copied", "waited", "ran"]
    assert session.asked[0][:3] == ("x", "cuda", 1)


def test_one_batch_of_a_session_runs_at_a_time(gpu: tuple[BoundOnnxEngine, CudaSession, GpuMemory]) -> None:
    """Although both are ready: their crops are cut, and waited for, side by side."""
    engine, session, memory = gpu
    ready, running = threading.Barrier(2, timeout=LONGEST_S), threading.Barrier(2, timeout=0.1)
    memory.wait = ready.wait  # type: ignore[method-assign, assignment]

    def runs() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            running.wait()  # so long for the other one, which may not come

    session.running = runs
    with ThreadPoolExecutor(2) as threads:
        batches = [threads.submit(engine.run, {"x": np.ones((2, 2), np.float32)}) for _ in range(2)]
    assert [batch.result()[0].tolist() for batch in batches] == [[[2.0, 2.0]] * 2] * 2
    assert session.most == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (ILLEGAL, DeviceLost),
        ("Error in execution: CUDA failure 2: out of memory", OutOfMemory),
        ("Error in execution: something else", InferenceFailed),
    ],
)
def test_what_a_bound_run_raises_tells_what_to_do(
    gpu: tuple[BoundOnnxEngine, CudaSession, GpuMemory], said: str, kind: type[InferenceFailed]
) -> None:
    """With bindings the library raises its errors as another type."""
    engine, session, _ = gpu

    def fails() -> None:
        raise RuntimeError(said)

    session.running = fails
    with pytest.raises(InferenceFailed) as caught:
        engine.run({"x": np.ones((1, 2), np.float32)})
    assert type(caught.value) is kind


def test_what_decoding_raises_on_the_device_is_told_alike(engine: BoundOnnxEngine) -> None:
    def then(_: list[Any]) -> None:
        raise MemoryError("Out of memory allocating 1,024 bytes")

    with pytest.raises(OutOfMemory):
        engine.run_then({"x": np.ones((1, 2), np.float32)}, then)
