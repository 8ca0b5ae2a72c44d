"""What each TensorFlow.js operator becomes: one small function an operator, collected in ``OPERATORS``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np

from ...errors import ImportFailedError
from .. import layers
from ..graph import Array, GraphBuilder, Value
from ..layers import Operand, Padding, Window
from .tfjs_reader import TfjsNode


class Call(msgspec.Struct, frozen=True):
    """One node and its inputs."""

    g: GraphBuilder
    node: TfjsNode
    operands: Sequence[Operand]

    def value(self, index: int) -> Value:
        """Return an input that is computed."""
        operand = self.operands[index]
        if not isinstance(operand, Value):
            raise ImportFailedError(f"input {index} of {self.node.name} should be computed, not constant")
        return operand

    def constant(self, index: int) -> Array:
        """Return an input that is known now."""
        operand = self.operands[index]
        if isinstance(operand, Value):
            raise ImportFailedError(f"input {index} of {self.node.name} should be a constant")
        return operand


def _window(call: Call) -> Window:
    """Read strides, padding and dilations, which the format gives for all four NHWC axes."""
    padding = call.node.attribute("padding").text
    pads: Padding | tuple[int, int, int, int]
    if padding == "EXPLICIT":
        _, _, top, bottom, left, right, _, _ = call.node.attribute("explicit_paddings").integers
        pads = (top, left, bottom, right)
    else:
        pads = Padding(padding)
    return Window(
        strides=_spatial(call, "strides"),
        padding=pads,
        dilations=_spatial(call, "dilations") if call.node.attribute("dilations").integers else (1, 1),
    )


def _spatial(call: Call, name: str) -> layers.Pair:
    _, height, width, _ = call.node.attribute(name).integers
    return height, width


def _conv_2d(call: Call) -> Value:
    weights = call.constant(1).transpose(3, 2, 0, 1)
    return _fused(call, lambda bias: layers.conv2d(call.g, call.value(0), weights, bias, _window(call)))


def _depthwise_conv_2d(call: Call) -> Value:
    height, width, channels, multiplier = call.constant(1).shape
    weights = call.constant(1).transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return _fused(
        call, lambda bias: layers.conv2d(call.g, call.value(0), weights, bias, _window(call), groups=channels)
    )


def _fused_mat_mul(call: Call) -> Value:
    if call.node.attribute("transpose_a").b or call.node.attribute("transpose_b").b:
        raise ImportFailedError(f"{call.node.name} multiplies transposed matrices")
    return _fused(call, lambda bias: layers.dense(call.g, call.value(0), call.constant(1), bias))


def _fused(call: Call, linear: Callable[[Array | None], Value]) -> Value:
    """Apply a linear layer and the operations that the converter fused into it, in order."""
    operations = call.node.attribute("fused_ops").texts
    arguments: Iterator[Array] = (call.constant(index) for index in range(2, len(call.operands)))
    bias = next(arguments) if operations[:1] == ["BiasAdd"] else None
    value = linear(bias)
    for operation in operations[bias is not None :]:
        if operation == "Prelu":
            value = layers.prelu(call.g, value, next(arguments))
        elif operation in _CLIPS:
            value = call.g.clip(value, *_CLIPS[operation])
        else:
            raise ImportFailedError(f"{call.node.name} fuses {operation}, which is not supported")
    return value


def _max_pool(call: Call) -> Value:
    return layers.max_pool(call.g, call.value(0), _spatial(call, "ksize"), _window(call))


def _resize_bilinear(call: Call) -> Value:
    grid = layers.sampling_grid(
        call.node.attribute("align_corners").b, call.node.attribute("half_pixel_centers").b
    )
    height, width = call.constant(1).tolist()
    return layers.resize_bilinear(call.g, call.value(0), (height, width), grid)


def _mean(call: Call) -> Value:
    if sorted(np.ravel(call.constant(1)).tolist()) != [1, 2]:
        raise ImportFailedError(f"{call.node.name} averages other axes than height and width")
    return layers.spatial_mean(call.g, call.value(0), call.node.attribute("keep_dims").b)


def _concat(call: Call) -> Value:
    values = [call.value(index) for index in range(len(call.operands) - 1)]
    return layers.concat(call.g, values, int(call.constant(len(values))))


def _binary(operator: str, call: Call) -> Value:
    return layers.binary(call.g, operator, call.operands[0], call.operands[1])


def _unary(operator: str, call: Call) -> Value:
    return layers.unary(call.g, operator, call.value(0))


def _clip(low: float, high: float, call: Call) -> Value:
    return call.g.clip(call.value(0), low, high)


def _minimum(call: Call) -> Value:
    return call.g.clip(call.value(0), -np.inf, call.constant(1).item())


def _maximum(call: Call) -> Value:
    return call.g.clip(call.value(0), call.constant(1).item(), np.inf)


def _identity(call: Call) -> Operand:
    return call.operands[0]


_CLIPS: Mapping[str, tuple[float, float]] = {"Relu": (0.0, np.inf), "Relu6": (0.0, 6.0)}

OPERATORS: Mapping[str, Callable[[Call], Operand]] = {
    "Add": partial(_binary, "Add"),
    "AddV2": partial(_binary, "Add"),
    "ConcatV2": _concat,
    "Conv2D": _conv_2d,
    "DepthwiseConv2dNative": _depthwise_conv_2d,
    "FusedDepthwiseConv2dNative": _depthwise_conv_2d,
    "Identity": _identity,
    "MaxPool": _max_pool,
    "Maximum": _maximum,
    "Mean": _mean,
    "Minimum": _minimum,
    "Mul": partial(_binary, "Mul"),
    "Relu": partial(_clip, *_CLIPS["Relu"]),
    "Relu6": partial(_clip, *_CLIPS["Relu6"]),
    "ResizeBilinear": _resize_bilinear,
    "Sigmoid": partial(_unary, "Sigmoid"),
    "Sub": partial(_binary, "Sub"),
    "_FusedConv2D": _conv_2d,
    "_FusedMatMul": _fused_mat_mul,
}
"""Operator name to the function that writes it."""
