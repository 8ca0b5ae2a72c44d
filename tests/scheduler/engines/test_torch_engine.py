"""The models of the registry pack beside ONNX Runtime, and what the engine refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from argusd.scheduler.core import Feeds
from argusd.scheduler.engines.limits import IN_FLIGHT
from argusd.scheduler.engines.onnx_runtime import OnnxEngine
from argusd.scheduler.engines.torch_engine import TorchEngine
from argusd.scheduler.errors import DeviceLost, DeviceUnavailable, InferenceFailed, OutOfMemory
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.models.registry import Graph
from argusd.scheduler.zoo.store import ZooStore

from ...waiting import LONGEST_S

# The sizes at whose ends a batch is run: a larger one costs only time, for the filling up is the same.
LARGEST = {
    "silero_vad": 256,
    "ge2e": 16,
    "blazeface_full_range": 8,
    "facemesh_attention": 8,
    "faceres": 4,
    "centernet": 2,
}
OF_RANGE = 1e-4


@pytest.mark.parametrize("name", LARGEST)
def test_a_model_gives_what_onnx_runtime_gives_at_the_edges_of_every_bucket(
    name: str, store: ZooStore
) -> None:
    file, entry = store.read(name), MODELS[name]
    assert isinstance(entry, Graph)
    ours = TorchEngine(file.content, file.name, "cpu")
    theirs = OnnxEngine(file.content, file.name, "cpu")
    rng = np.random.default_rng(1)
    size = 1
    while size <= LARGEST[name]:
        for rows in {size, size + 1}:
            feeds = lively(entry.make(name).example(rows), rng)
            for found, wanted in zip(ours.run(feeds), theirs.run(feeds), strict=True):
                assert found.shape == wanted.shape
                assert np.abs(found - wanted).max() <= OF_RANGE * max(float(np.ptp(wanted)), 1.0)
        size *= 2


def lively(feeds: Feeds, rng: np.random.Generator) -> Feeds:
    """Of the same form, with noise of a plausible range."""
    return {name: noise(value, rng) if value.ndim else value for name, value in feeds.items()}


def noise(like: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    largest = max(1.0, float(np.abs(like).max()))
    return rng.uniform(0, largest, like.shape).astype(like.dtype)


@pytest.mark.parametrize(
    "feeds",
    [
        {"x": np.zeros((1, 3), np.float32)},
        {"x": np.zeros((1, 2), np.float64)},
        {"x": np.zeros(2, np.float32)},
        {"z": np.zeros((1, 2), np.float32)},
        {},
    ],
)
def test_feeds_the_graph_does_not_take_are_a_typed_error(doubling: bytes, feeds: Feeds) -> None:
    with pytest.raises(InferenceFailed) as caught:
        TorchEngine(doubling, "doubling.onnx", "cpu").run(feeds)
    assert caught.value.code == "inference_failed"


@pytest.mark.parametrize("content", [b"", b"\xff\xff no graph"], ids=["empty", "something else"])
def test_a_file_that_is_no_graph_is_an_error_that_says_how_to_check_it(content: bytes) -> None:
    with pytest.raises(InferenceFailed, match=r"cannot load doubling\.onnx; `argusd models verify`"):
        TorchEngine(content, "doubling.onnx", "cpu")


def test_a_device_that_pytorch_cannot_use_is_an_error(
    doubling: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceUnavailable, match="cuda:0 cannot be used by PyTorch"):
        TorchEngine(doubling, "doubling.onnx", "cuda:0")


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), OutOfMemory),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), DeviceLost),
        (RuntimeError("The size of tensor a (3) must match"), InferenceFailed),
    ],
)
def test_what_pytorch_raises_tells_what_to_do(
    doubling: bytes, raised: Exception, kind: type[InferenceFailed], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = TorchEngine(doubling, "doubling.onnx", "cpu")

    def broken(*_: object) -> None:
        raise raised

    monkeypatch.setattr(engine._graph, "run", broken)
    with pytest.raises(InferenceFailed) as caught:
        engine.run({"x": np.zeros((1, 2), np.float32)})
    assert type(caught.value) is kind


def test_outputs_of_an_earlier_batch_stay_as_they_were(doubling: bytes) -> None:
    engine = TorchEngine(doubling, "doubling.onnx", "cpu")
    [first] = engine.run({"x": np.ones((3, 2), np.float32)})
    engine.run({"x": np.zeros((3, 2), np.float32)})
    assert first.tolist() == [[2.0, 2.0]] * 3


def test_feeds_may_lie_in_another_librarys_memory(doubling: bytes) -> None:
    class Elsewhere:
        """As CuPy's arrays: they are taken over by DLPack."""

        shape = (3, 2)

        def __dlpack__(self, **asked: Any) -> Any:
            return torch.full(self.shape, 4.0).__dlpack__(**asked)

        def __dlpack_device__(self) -> tuple[int, int]:
            device: tuple[int, int] = torch.zeros(1).__dlpack_device__()
            return device

    feeds: Any = {"x": Elsewhere()}
    [doubled] = TorchEngine(doubling, "doubling.onnx", "cpu").run(feeds)
    assert doubled.tolist() == [[8.0, 8.0]] * 3


def run_beside(engine: TorchEngine, feeds: Feeds) -> list[Any]:
    """What another thread's batch gives; ends when it has."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(engine.run, feeds).result(10)


def test_a_batch_runs_while_another_ones_outputs_are_used_and_overwrites_none_of_them(passing: bytes) -> None:
    engine = TorchEngine(passing, "passing.onnx", "cpu")

    def then(outputs: list[Any]) -> Any:
        [other] = run_beside(engine, {"x": np.full((3, 2), 7, np.float32)})
        return other.tolist(), outputs[0].tolist()

    assert engine.run_then({"x": np.ones((3, 2), np.float32)}, then) == ([[7.0, 7.0]] * 3, [[1.0, 1.0]] * 3)


def test_a_batch_that_fails_takes_no_other_with_it_and_leaves_its_place(passing: bytes) -> None:
    engine = TorchEngine(passing, "passing.onnx", "cpu")
    x = {"x": np.ones((1, 2), np.float32)}

    def then(outputs: list[Any]) -> Any:
        for _ in range(IN_FLIGHT + 1):
            with pytest.raises(InferenceFailed):
                run_beside(engine, {"x": np.zeros((1, 3), np.float32)})
        return run_beside(engine, x)[0].tolist(), outputs[0].tolist()

    assert engine.run_then(x, then) == ([[1.0, 1.0]], [[1.0, 1.0]])


def test_one_batch_too_many_waits_for_its_turn(passing: bytes) -> None:
    engine = TorchEngine(passing, "passing.onnx", "cpu")
    x = {"x": np.ones((1, 2), np.float32)}
    all_at_work, go_on = threading.Barrier(IN_FLIGHT + 1), threading.Event()

    def then(_: list[Any]) -> bool:
        all_at_work.wait(LONGEST_S)
        return go_on.wait(LONGEST_S)

    with ThreadPoolExecutor(IN_FLIGHT + 1) as threads:
        at_work = [threads.submit(engine.run_then, x, then) for _ in range(IN_FLIGHT)]
        all_at_work.wait(LONGEST_S)
        waiting = threads.submit(engine.run, x)
        assert wait([waiting], 0.1).not_done
        go_on.set()
        assert waiting.result(10)[0].tolist() == [[1.0, 1.0]]
        assert all(batch.result(10) for batch in at_work)
