"""What every engine is tried on."""

import pytest
from onnx import TensorProto, helper


@pytest.fixture
def doubling() -> bytes:
    """A graph that doubles f32 ``[B, 2]``."""
    return of_one_node("Add", "x", "x")


@pytest.fixture
def passing() -> bytes:
    """A graph whose output f32 ``[B, 2]`` is its input, in the same memory where an engine can do so."""
    return of_one_node("Identity", "x")


def of_one_node(kind: str, *inputs: str) -> bytes:
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, ["y"])],
        kind,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
