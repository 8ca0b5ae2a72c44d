"""The real library on a graph of one node."""

import numpy as np
import pytest

from argusd.scheduler.engines.onnx_runtime import OnnxEngine
from argusd.scheduler.errors import InferenceFailed


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
