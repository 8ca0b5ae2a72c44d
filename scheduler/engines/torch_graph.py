"""An ONNX graph in PyTorch: its nodes in the graph's order, each computed by one function (``operators``).

Shapes are numbers on the host, so running reads nothing back from a device, and a run can be captured as a
CUDA graph.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import onnx
import torch
from onnx import GraphProto, NodeProto, numpy_helper

from ..errors import InferenceFailed
from .operators.catalog import KNOWN
from .operators.registry import Node, Operator, Tensor

BRANCHES = {"then_branch": True, "else_branch": False}
Values = dict[str, Any]


class Step(NamedTuple):
    """One node. ``free``: values that nothing needs after it."""

    node: Node
    compute: Any
    inputs: Sequence[str]
    outputs: Sequence[str]
    free: Sequence[str]


class TorchGraph:
    """A graph, ready to run on a device with gradients off.

    ``inputs``, ``outputs``: their names in order. A feed without dimensions stays on the host.
    """

    def __init__(self, graph: GraphProto, device: torch.device) -> None:
        """A graph, or a branch, which is given the values of the graph around it as well.

        Raises:
            InferenceFailed: it has an operator that is not known here.
        """
        refuse_unknown(graph)
        constants = dict(_constants(graph))
        on_host = _read_on_host(graph)
        self._constants = {
            name: value if _stays(value, name in on_host) else value.to(device)
            for name, value in constants.items()
        }
        self.inputs = [each.name for each in graph.input if each.name not in constants]
        self.outputs = [each.name for each in graph.output]
        nodes = [node for node in graph.node if node.op_type != "Constant"]
        own = {*self.inputs, *(name for node in nodes for name in node.output if name)}
        frees = _frees(nodes, own.difference(self.outputs))
        self._steps = [_step(node, free, device) for node, free in zip(nodes, frees, strict=True)]

    def run(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        """All outputs, in the graph's order."""
        values: Values = {**feeds, **self._constants}
        for node, compute, inputs, outputs, free in self._steps:
            if node.kind == "If":
                results = compute(values)
            else:
                results = compute(node, *[values[name] if name else None for name in inputs])
            values.update(zip(outputs, results if isinstance(results, tuple) else (results,), strict=False))
            for name in free:
                del values[name]
        return [values[name] for name in self.outputs]


class Choice:
    """An ``If``: which of two graphs runs is known on the host."""

    def __init__(self, condition: str, branches: Mapping[bool, TorchGraph]) -> None:
        self._condition = condition
        self._branches = branches

    def __call__(self, values: Values) -> tuple[Tensor, ...]:
        """What the chosen branch gives; it sees the values of the graph around it."""
        return tuple(self._branches[bool(values[self._condition].item())].run(values))


def refuse_unknown(graph: GraphProto) -> None:
    """Raises ``InferenceFailed`` that names the operators which the PyTorch engine does not know."""
    kinds = {node.op_type for node in graph.node} - KNOWN.keys() - {"Constant", "If"}
    if kinds:
        names = ", ".join(sorted(kinds))
        raise InferenceFailed(f"the PyTorch engine does not know the operators {names}; use onnxruntime")


def _constants(graph: GraphProto) -> Iterable[tuple[str, Tensor]]:
    for tensor in graph.initializer:
        yield tensor.name, torch.from_numpy(numpy_helper.to_array(tensor).copy())
    for node in graph.node:
        if node.op_type == "Constant":
            value = _attributes(node)["value"]
            yield node.output[0], torch.from_numpy(numpy_helper.to_array(value).copy())


def _read_on_host(graph: GraphProto) -> set[str]:
    """What some operator of the graph or of its branches reads as numbers."""
    read: set[str] = set()
    for node in graph.node:
        places = KNOWN[node.op_type].on_host if node.op_type in KNOWN else ()
        read |= {node.input[place] for place in places if place < len(node.input)}
        read |= {name for branch in _branches(node) for name in _read_on_host(branch)}
    return read


def _stays(value: Tensor, read: bool) -> bool:
    """Whether a constant stays on the host: it is read there, or belongs to the arithmetic of shapes."""
    return read or (value.numel() <= 1 and not value.is_floating_point())


def _frees(nodes: Sequence[NodeProto], own: set[str]) -> list[list[str]]:
    """For each node, the values of the graph's own that it is the last to need."""
    seen: set[str] = set()
    frees = []
    for node in reversed(nodes):
        named = {*node.input, *node.output, *_captured(node)}
        frees.append(sorted(named & own - seen))
        seen |= named
    return frees[::-1]


def _captured(node: NodeProto) -> set[str]:
    """What the branches of a node take from around them."""
    taken: set[str] = set()
    for branch in _branches(node):
        taken |= {each.name for each in branch.output}
        for inner in branch.node:
            taken |= {*inner.input, *_captured(inner)}
    return taken


def _branches(node: NodeProto) -> list[GraphProto]:
    return [each.g for each in node.attribute if each.type == onnx.AttributeProto.GRAPH]


def _step(node: NodeProto, free: Sequence[str], device: torch.device) -> Step:
    attributes = _attributes(node)
    about = Node(node.op_type, attributes, len(node.output), device)
    if node.op_type == "If":
        branches = {value: TorchGraph(attributes[name], device) for name, value in BRANCHES.items()}
        return Step(about, Choice(node.input[0], branches), node.input, node.output, free)
    known: Operator = KNOWN[node.op_type]
    return Step(about, known.compute, node.input, node.output, free)


def _attributes(node: NodeProto) -> dict[str, Any]:
    values = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}
