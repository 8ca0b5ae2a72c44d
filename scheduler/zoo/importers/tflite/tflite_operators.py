"""What each TensorFlow Lite operator becomes: one small function an operator, collected in ``OPERATORS``.

Half-precision weights (DEQUANTIZE of a constant) and sparse ones (DENSIFY, decoded by the reader) fold to
float32.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import tflite
from flatbuffers.table import Table

from ...errors import ImportFailedError
from .. import layers
from ..graph import Array, GraphBuilder, Value
from ..layers import Operand, Padding, Window
from . import mediapipe_ops

_PADDINGS: Mapping[int, Padding] = {tflite.Padding.SAME: Padding.SAME, tflite.Padding.VALID: Padding.VALID}
_ACTIVATIONS: Mapping[int, tuple[float, float]] = {
    tflite.ActivationFunctionType.RELU: (0.0, np.inf),
    tflite.ActivationFunctionType.RELU_N1_TO_1: (-1.0, 1.0),
    tflite.ActivationFunctionType.RELU6: (0.0, 6.0),
}


class Call(msgspec.Struct, frozen=True):
    """One operator in its graph; ``output_shape`` has the batch axis, which the source graph fixes at one."""

    g: GraphBuilder
    operands: Sequence[Operand | None]
    output_shape: tuple[int, ...]
    options: Table | None
    custom_options: bytes

    def value(self, index: int) -> Value:
        """Return an input that is computed."""
        operand = self.operands[index]
        if not isinstance(operand, Value):
            raise ImportFailedError(f"input {index} of an operator should be computed, not constant")
        return operand

    def constant(self, index: int) -> Array:
        """Return an input that is known now."""
        operand = self.operands[index]
        if operand is None or isinstance(operand, Value):
            raise ImportFailedError(f"input {index} of an operator should be a constant")
        return operand

    def operand(self, index: int) -> Operand:
        """Return an input of either kind."""
        operand = self.operands[index]
        if operand is None:
            raise ImportFailedError(f"input {index} of an operator is absent")
        return operand


def _read(table: Any, call: Call) -> Any:
    """Return the operator's options as the generated class ``table``."""
    if call.options is None:
        raise ImportFailedError(f"an operator lacks its {table.__name__}")
    options = table()
    options.Init(call.options.Bytes, call.options.Pos)
    return options


def _activate(call: Call, value: Value, activation: int) -> Value:
    if activation == tflite.ActivationFunctionType.NONE:
        return value
    if activation not in _ACTIVATIONS:
        raise ImportFailedError(f"fused activation {activation} is not supported")
    return call.g.clip(value, *_ACTIVATIONS[activation])


def _convolution_window(options: Any) -> Window:
    return Window(
        strides=(options.StrideH(), options.StrideW()),
        padding=_PADDINGS[options.Padding()],
        dilations=(options.DilationHFactor(), options.DilationWFactor()),
    )


def _bias(call: Call) -> Array | None:
    return call.constant(2) if len(call.operands) > 2 and call.operands[2] is not None else None


def _conv_2d(call: Call) -> Value:
    options = _read(tflite.Conv2DOptions, call)
    weights = call.constant(1).transpose(0, 3, 1, 2)
    value = layers.conv2d(call.g, call.value(0), weights, _bias(call), _convolution_window(options))
    return _activate(call, value, options.FusedActivationFunction())


def _depthwise_conv_2d(call: Call) -> Value:
    options = _read(tflite.DepthwiseConv2DOptions, call)
    x, weights = call.value(0), call.constant(1).transpose(3, 0, 1, 2)
    value = layers.conv2d(call.g, x, weights, _bias(call), _convolution_window(options), groups=x.shape[-1])
    return _activate(call, value, options.FusedActivationFunction())


def _max_pool_2d(call: Call) -> Value:
    options = _read(tflite.Pool2DOptions, call)
    window = Window(strides=(options.StrideH(), options.StrideW()), padding=_PADDINGS[options.Padding()])
    kernel = (options.FilterHeight(), options.FilterWidth())
    value = layers.max_pool(call.g, call.value(0), kernel, window)
    return _activate(call, value, options.FusedActivationFunction())


def _add(call: Call) -> Value:
    value = layers.binary(call.g, "Add", call.operand(0), call.operand(1))
    return _activate(call, value, _read(tflite.AddOptions, call).FusedActivationFunction())


def _mul(call: Call) -> Value:
    value = layers.binary(call.g, "Mul", call.operand(0), call.operand(1))
    return _activate(call, value, _read(tflite.MulOptions, call).FusedActivationFunction())


def _prelu(call: Call) -> Value:
    return layers.prelu(call.g, call.value(0), call.constant(1))


def _relu(call: Call) -> Value:
    return call.g.clip(call.value(0), 0.0, np.inf)


def _pad(call: Call) -> Value:
    return layers.pad(call.g, call.value(0), call.constant(1).tolist())


def _reshape(call: Call) -> Value:
    return layers.reshape(call.g, call.value(0), call.output_shape[1:])


def _concatenation(call: Call) -> Value:
    options = _read(tflite.ConcatenationOptions, call)
    values = [call.value(index) for index in range(len(call.operands))]
    value = layers.concat(call.g, values, options.Axis())
    return _activate(call, value, options.FusedActivationFunction())


def _strided_slice(call: Call) -> Value:
    # Only the slice that takes everything occurs: converters leave it to give a tensor a second name.
    if (1, *call.value(0).shape) != call.output_shape or np.any(call.constant(3) != 1):
        raise ImportFailedError("STRIDED_SLICE is supported only where it takes the whole tensor")
    return call.value(0)


def _resize_bilinear(call: Call) -> Value:
    options = _read(tflite.ResizeBilinearOptions, call)
    grid = layers.sampling_grid(options.AlignCorners(), options.HalfPixelCenters())
    height, width = call.constant(1).tolist()
    return layers.resize_bilinear(call.g, call.value(0), (height, width), grid)


def _depth_to_space(call: Call) -> Value:
    return layers.depth_to_space(call.g, call.value(0), _read(tflite.DepthToSpaceOptions, call).BlockSize())


def _dequantize(call: Call) -> Array:
    half = call.constant(0)
    if half.dtype != np.float16:
        raise ImportFailedError(f"DEQUANTIZE of {half.dtype} is not supported, only of float16")
    return half.astype(np.float32)


def _densify(call: Call) -> Array:
    return call.constant(0)


def _landmarks_to_transform_matrix(call: Call) -> Value:
    crop = mediapipe_ops.read_crop(call.custom_options)
    return mediapipe_ops.landmarks_to_transform_matrix(call.g, call.value(0), crop)


def _transform_tensor_bilinear(call: Call) -> Value:
    _, height, width, _ = call.output_shape
    return mediapipe_ops.transform_tensor_bilinear(call.g, call.value(0), call.value(1), (height, width))


def _transform_landmarks(call: Call) -> Value:
    return mediapipe_ops.transform_landmarks(call.g, call.value(0), call.value(1))


OPERATORS: Mapping[str, Callable[[Call], Operand]] = {
    "ADD": _add,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DENSIFY": _densify,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "DEPTH_TO_SPACE": _depth_to_space,
    "DEQUANTIZE": _dequantize,
    "Landmarks2TransformMatrix": _landmarks_to_transform_matrix,
    "MAX_POOL_2D": _max_pool_2d,
    "MUL": _mul,
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _relu,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
    "STRIDED_SLICE": _strided_slice,
    "TransformLandmarks": _transform_landmarks,
    "TransformTensorBilinear": _transform_tensor_bilinear,
}
"""Operator name (custom operators by their own name) to the function that writes it."""
