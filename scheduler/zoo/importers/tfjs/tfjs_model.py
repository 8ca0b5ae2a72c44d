"""TensorFlow.js graph model → ONNX, for float graphs of convolutions, with a dynamic batch."""

from collections.abc import Mapping, Sequence

import onnx

from ...errors import ImportFailedError
from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from ..layers import Operand
from .tfjs_operators import OPERATORS, Call
from .tfjs_reader import TfjsGraph, TfjsNode, read_graph


def import_tfjs(
    description: bytes, weight_files: Mapping[str, bytes], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Convert a graph model.

    :param description: the ``model.json``.
    :param weight_files: file name to content.
    :param outputs: names of the nodes to give out. Name those before the post-processing, which is written
        for one image: nodes that no output needs are not read.
    :returns: a model whose inputs and outputs keep the source's names and layouts, float32, batch first.
    :raises ImportFailedError: when a file is damaged or the graph uses something outside this importer.
    """
    with damage_is_import_failure("TensorFlow.js graph model"):
        builder = GraphBuilder()
        return builder.finish(lower(builder, description, weight_files, outputs))


def lower(
    builder: GraphBuilder, description: bytes, weight_files: Mapping[str, bytes], outputs: Sequence[str]
) -> dict[str, Value]:
    """Write what these nodes need, and return them by name; as ``import_tfjs``."""
    graph = read_graph(description, weight_files)
    operands: dict[str, Operand] = dict(graph.constants)
    for node in _needed(graph, outputs):
        operands[node.name] = _lower(builder, node, operands)
    return {name: _computed(operands, name) for name in outputs}


def _needed(graph: TfjsGraph, outputs: Sequence[str]) -> list[TfjsNode]:
    """Return the nodes that the outputs need, each after its inputs. (Published order is not always that.)"""
    nodes = {node.name: node for node in graph.nodes if node.operator != "Const"}
    ordered: dict[str, TfjsNode] = {}
    entered: set[str] = set()
    stack = [(name, False) for name in reversed(outputs)]
    while stack:
        name, inputs_done = stack.pop()
        if inputs_done:
            ordered[name] = nodes[name]
        elif name in nodes and name not in entered:
            entered.add(name)
            stack.append((name, True))
            stack.extend((_node_name(source), False) for source in nodes[name].inputs)
    return list(ordered.values())


def _lower(builder: GraphBuilder, node: TfjsNode, operands: Mapping[str, Operand]) -> Operand:
    if node.operator == "Placeholder":
        return builder.input(node.name, node.attribute("shape").dimensions[1:])
    if node.operator not in OPERATORS:
        raise ImportFailedError(f"TensorFlow.js operator {node.operator} ({node.name}) is not supported")
    inputs = [_node_name(source) for source in node.inputs]
    if absent := [name for name in inputs if name not in operands]:
        raise ImportFailedError(f"{node.name} needs {absent}, which the graph does not define before it")
    return OPERATORS[node.operator](Call(builder, node, [operands[name] for name in inputs]))


def _node_name(source: str) -> str:
    name, _, output = source.partition(":")
    if source.startswith("^") or output not in ("", "0"):
        raise ImportFailedError(f"input {source!r}: control inputs and further outputs are not supported")
    return name


def _computed(operands: Mapping[str, Operand], name: str) -> Value:
    value = operands.get(name)
    if not isinstance(value, Value):
        raise ImportFailedError(f"the graph computes no node {name!r}")
    return value
