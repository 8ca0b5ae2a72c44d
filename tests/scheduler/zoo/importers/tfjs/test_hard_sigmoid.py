from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from argusd.scheduler.zoo.importers import layers
from argusd.scheduler.zoo.importers.graph import GraphBuilder, Value

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]
# As published: rounded to half precision.
SIXTH = np.array(1 / 6, np.float16).astype(np.float32)
X = np.linspace(-5, 5, 41, dtype=np.float32).reshape(1, -1)


def gate(g: GraphBuilder, x: Value, shift: float = 3.0, top: float = 6.0) -> Value:
    return g.clip(layers.binary(g, "Add", x, np.array(shift, np.float32)), 0.0, top)


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_a_gate_becomes_one_node(run: Runner) -> None:
    g = GraphBuilder()
    x = g.input("x", (41,))

    model = g.finish({"y": layers.binary(g, "Mul", SIXTH, gate(g, x))})

    assert operators(model) == ["HardSigmoid", "Identity"]
    np.testing.assert_allclose(run(model, {"x": X})["y"], np.clip(X + 3, 0, 6) / 6, atol=1e-6)


def test_a_hard_swish_becomes_two_nodes(run: Runner) -> None:
    g = GraphBuilder()
    x = g.input("x", (41,))

    model = g.finish({"y": layers.binary(g, "Mul", layers.binary(g, "Mul", SIXTH, x), gate(g, x))})

    assert operators(model) == ["HardSigmoid", "Mul", "Identity"]
    np.testing.assert_allclose(run(model, {"x": X})["y"], X * np.clip(X + 3, 0, 6) / 6, atol=1e-6)


@pytest.mark.parametrize(("shift", "top", "factor"), [(2.0, 6.0, SIXTH), (3.0, 5.0, SIXTH), (3.0, 6.0, 0.2)])
def test_what_only_looks_like_a_gate_stays_as_it_is(
    run: Runner, shift: float, top: float, factor: float
) -> None:
    g = GraphBuilder()
    x = g.input("x", (41,))
    constant = np.array(factor, np.float32)

    model = g.finish({"y": layers.binary(g, "Mul", constant, gate(g, x, shift, top))})

    assert "HardSigmoid" not in operators(model)
    np.testing.assert_allclose(run(model, {"x": X})["y"], np.clip(X + shift, 0, top) * constant, atol=1e-6)
