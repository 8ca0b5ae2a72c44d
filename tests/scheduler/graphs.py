"""Graphs of one node."""

from collections.abc import Sequence
from typing import Any

from onnx import TensorProto, helper


def of_one_node(
    kind: str,
    *inputs: str,
    shapes: tuple[Sequence[Any], Sequence[Any]] = (["B", 2], ["B", 2]),
    constants: Sequence[Any] = (),
    **attributes: Any,
) -> bytes:
    """From f32 ``x`` of the first shape to f32 ``y`` of the second."""
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip("xy", shapes, strict=True)
    )
    node = helper.make_node(kind, inputs, ["y"], **attributes)
    graph = helper.make_graph([node], kind, [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
