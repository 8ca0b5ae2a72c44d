"""TensorFlow Lite → ONNX, for float graphs of convolutions such as MediaPipe's, with a dynamic batch."""

from collections.abc import Sequence

import onnx

from ...errors import ImportFailedError
from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from ..layers import Operand
from .tflite_operators import OPERATORS, Call
from .tflite_reader import TfliteGraph, TfliteOperator, read_model


def import_tflite(content: bytes, outputs: Sequence[str] = ()) -> onnx.ModelProto:
    """Convert a ``.tflite`` file.

    :param outputs: names of the tensors to give out; those of the source graph when empty.
    :returns: a model whose inputs and outputs keep the source's names and layouts, float32, batch first.
    :raises ImportFailedError: when the file is damaged or uses something outside this importer.
    """
    with damage_is_import_failure("TensorFlow Lite model"):
        graph = read_model(content)
        builder = GraphBuilder()
        operands = _declare(builder, graph)
        for operator in graph.operators:
            operands[_only_output(operator)] = _lower(builder, graph, operator, operands)
        return builder.finish(_outputs(graph, operands, outputs))


def _declare(builder: GraphBuilder, graph: TfliteGraph) -> dict[int, Operand]:
    """Return what is known before the first operator: constants and inputs, by tensor index."""
    operands: dict[int, Operand] = {
        index: tensor.data for index, tensor in enumerate(graph.tensors) if tensor.data is not None
    }
    for index in graph.inputs:
        tensor = graph.tensors[index]
        operands[index] = builder.input(tensor.name, tensor.shape[1:])
    return operands


def _only_output(operator: TfliteOperator) -> int:
    if len(operator.outputs) != 1:
        raise ImportFailedError(f"{operator.name} has {len(operator.outputs)} outputs, not one")
    return operator.outputs[0]


def _lower(
    builder: GraphBuilder, graph: TfliteGraph, operator: TfliteOperator, operands: dict[int, Operand]
) -> Operand:
    if operator.name not in OPERATORS:
        raise ImportFailedError(f"TensorFlow Lite operator {operator.name} is not supported")
    result = OPERATORS[operator.name](
        Call(
            g=builder,
            operands=[operands[index] if index >= 0 else None for index in operator.inputs],
            output_shape=graph.tensors[_only_output(operator)].shape,
            options=operator.options,
            custom_options=operator.custom_options,
        )
    )
    expected = graph.tensors[_only_output(operator)].shape
    found = (1, *result.shape) if isinstance(result, Value) else result.shape
    if found != expected:
        raise ImportFailedError(f"{operator.name} gives shape {found} where the model says {expected}")
    return result


def _outputs(graph: TfliteGraph, operands: dict[int, Operand], names: Sequence[str]) -> dict[str, Value]:
    indices = {tensor.name: index for index, tensor in enumerate(graph.tensors)}
    outputs = {}
    for name in names or [graph.tensors[index].name for index in graph.outputs]:
        value = operands.get(indices.get(name, -1))
        if not isinstance(value, Value):
            raise ImportFailedError(f"the model computes no tensor {name!r}")
        outputs[name] = value
    return outputs
