"""The layers that TFLite and TensorFlow.js graphs share, written as ONNX nodes.

Every function takes the builder first, gives sizes, strides and pads as ``(height, width)``, and keeps
TensorFlow's meaning: SAME padding puts the odd pixel at the bottom and the right, bilinear resizing has
three sampling grids.
"""

import enum
import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from ..errors import ImportFailedError
from .graph import Array, GraphBuilder, Value

Pair = tuple[int, int]
Operand = Value | Array
Grid = Literal["half_pixel", "align_corners", "asymmetric"]


class Padding(enum.Enum):
    """TensorFlow's two implicit paddings."""

    SAME = "SAME"
    VALID = "VALID"


class Window(msgspec.Struct, frozen=True):
    """How a kernel moves over an image; explicit ``padding`` is ``(top, left, bottom, right)`` pixels."""

    strides: Pair
    padding: Padding | tuple[int, int, int, int]
    dilations: Pair = (1, 1)

    def pads(self, size: Pair, kernel: Pair) -> list[int]:
        """Return the ONNX pads ``[top, left, bottom, right]`` for an image of ``size``."""
        if not isinstance(self.padding, Padding):
            return list(self.padding)
        if self.padding is Padding.VALID:
            return [0, 0, 0, 0]
        total = [
            max((math.ceil(length / stride) - 1) * stride + (extent - 1) * dilation + 1 - length, 0)
            for length, stride, extent, dilation in zip(
                size, self.strides, kernel, self.dilations, strict=True
            )
        ]
        return [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]

    def output_size(self, size: Pair, kernel: Pair) -> Pair:
        """Return the height and width after the window has passed over an image of ``size``."""
        pads = self.pads(size, kernel)
        height, width = (
            (size[axis] + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * self.dilations[axis] - 1)
            // self.strides[axis]
            + 1
            for axis in (0, 1)
        )
        if height < 1 or width < 1:
            raise ImportFailedError(f"a {kernel} kernel does not fit an image of {size}")
        return height, width


def conv2d(
    g: GraphBuilder, x: Value, weights: Array, bias: Array | None, window: Window, groups: int = 1
) -> Value:
    """Convolve ``x``; ``weights`` is ``[out, in/groups, kh, kw]`` and ``bias`` is ``[out]``."""
    channels_out, channels_in, *kernel = weights.shape
    size, channels = _image_shape(x)
    if channels != channels_in * groups:
        raise ImportFailedError(f"convolution weights {weights.shape} do not fit {channels} channels")
    extent = (kernel[0], kernel[1])
    inputs = [g.channels_first(x), g.constant(weights)]
    if bias is not None:
        inputs.append(g.constant(bias.reshape(-1)))
    name = g.node(
        "Conv",
        inputs,
        kernel_shape=list(extent),
        strides=list(window.strides),
        dilations=list(window.dilations),
        pads=window.pads(size, extent),
        group=groups,
    )
    return Value(name, (*window.output_size(size, extent), channels_out), channels_first=True)


def dense(g: GraphBuilder, x: Value, weights: Array, bias: Array | None) -> Value:
    """Multiply ``[batch, in]`` by ``weights``, ``[in, out]``, and add ``bias``, ``[out]``."""
    if len(x.shape) != 1 or weights.shape[:-1] != x.shape:
        raise ImportFailedError(f"dense weights {weights.shape} do not fit shape {x.shape}")
    inputs = [x.name, g.constant(weights)] + ([] if bias is None else [g.constant(bias.reshape(-1))])
    return Value(g.node("Gemm", inputs), (weights.shape[-1],))


def max_pool(g: GraphBuilder, x: Value, kernel: Pair, window: Window) -> Value:
    """Take the maximum under the window; padding never wins."""
    size, channels = _image_shape(x)
    name = g.node(
        "MaxPool",
        [g.channels_first(x)],
        kernel_shape=list(kernel),
        strides=list(window.strides),
        pads=window.pads(size, kernel),
    )
    return Value(name, (*window.output_size(size, kernel), channels), channels_first=True)


def binary(g: GraphBuilder, operator: str, left: Operand, right: Operand) -> Value:
    """Apply an elementwise ONNX operator to two tensors, or a tensor and a constant; NumPy's broadcasting."""
    values = [operand for operand in (left, right) if isinstance(operand, Value)]
    image = bool(values) and all(value.is_image for value in values)
    if not values or len({len(value.shape) for value in values}) != 1:
        raise ImportFailedError(f"{operator} needs tensors of one rank")
    shapes = [_item_shape(operand, len(values[0].shape)) for operand in (left, right)]
    names = [_operand(g, operand, shape, image) for operand, shape in zip((left, right), shapes, strict=True)]
    shape = np.broadcast_shapes(*shapes)
    return Value(g.node(operator, names), shape, channels_first=image)


def prelu(g: GraphBuilder, x: Value, slopes: Array) -> Value:
    """Multiply what is negative by its channel's slope.

    ``slope * x + (1 - slope) * relu(x)`` is the same line with the same bend. On a CPU, ONNX Runtime runs
    FaceMesh twice as fast with these four nodes as with its PRelu.
    """
    bent = binary(g, "Mul", x, slopes)
    straight = binary(g, "Mul", g.clip(x, 0.0, np.inf), 1 - slopes.astype(np.float32))
    return binary(g, "Add", bent, straight)


def unary(g: GraphBuilder, operator: str, x: Value) -> Value:
    """Apply an elementwise ONNX operator, whatever the layout."""
    return Value(g.node(operator, [x.name]), x.shape, x.channels_first)


def pad(g: GraphBuilder, x: Value, amounts: Sequence[Sequence[int]]) -> Value:
    """Add zeros around ``x``; ``amounts`` is ``[(before, after)]`` for each source axis, batch first."""
    if len(amounts) != len(x.shape) + 1 or any(amounts[0]) or any(n < 0 for pair in amounts for n in pair):
        raise ImportFailedError(f"padding {amounts} of shape {x.shape} is not supported")
    order = (0, 3, 1, 2) if x.is_image else range(len(amounts))
    pads = [int(amounts[axis][side]) for side in (0, 1) for axis in order]
    name = g.channels_first(x) if x.is_image else x.name
    shape = tuple(length + int(sum(pair)) for length, pair in zip(x.shape, amounts[1:], strict=True))
    return Value(g.node("Pad", [name, g.constant(pads, np.int64)]), shape, channels_first=x.is_image)


def sampling_grid(align_corners: bool, half_pixel_centers: bool) -> Grid:
    """Return the sampling grid that TensorFlow's two flags name."""
    if align_corners:
        return "align_corners"
    return "half_pixel" if half_pixel_centers else "asymmetric"


def resize_bilinear(g: GraphBuilder, x: Value, size: Pair, grid: Grid) -> Value:
    """Resize to ``size`` on one of TensorFlow's three sampling grids."""
    (height, width), channels = _image_shape(x)
    scales = np.array([1, 1, size[0] / height, size[1] / width], np.float32)
    # Scales, not sizes: sizes would fix the batch. Their rounding must still give the size asked for.
    if (int(height * scales[2]), int(width * scales[3])) != size:
        raise ImportFailedError(f"resizing {(height, width)} to {size} is not exact in float32")
    inputs = [g.channels_first(x), "", g.constant(scales)]
    name = g.node("Resize", inputs, mode="linear", coordinate_transformation_mode=grid)
    return Value(name, (*size, channels), channels_first=True)


def depth_to_space(g: GraphBuilder, x: Value, block: int) -> Value:
    """Move blocks of channels to ``block`` x ``block`` pixels."""
    (height, width), channels = _image_shape(x)
    if block < 1 or channels % (block * block):
        raise ImportFailedError(f"{channels} channels do not make blocks of {block} x {block}")
    name = g.node("DepthToSpace", [g.channels_first(x)], blocksize=block, mode="DCR")
    return Value(name, (height * block, width * block, channels // (block * block)), channels_first=True)


def spatial_mean(g: GraphBuilder, x: Value, keep_dims: bool) -> Value:
    """Average an image over height and width."""
    _, channels = _image_shape(x)
    pooled = Value(g.node("GlobalAveragePool", [g.channels_first(x)]), (1, 1, channels), channels_first=True)
    return pooled if keep_dims else reshape(g, pooled, (channels,))


def channel_max(g: GraphBuilder, x: Value) -> Value:
    """Each pixel's largest channel: ``[batch, H, W]``."""
    size, _ = _image_shape(x)
    return Value(g.node("ReduceMax", [g.source_layout(x)], axes=[3], keepdims=0), size)


def concat(g: GraphBuilder, values: Sequence[Value], axis: int) -> Value:
    """Join tensors along a source axis; the batch axis, 0, cannot be joined."""
    rank = len(values[0].shape) + 1 if values else 0
    axis = axis + rank if axis < 0 else axis
    if not 0 < axis < rank or any(len(value.shape) + 1 != rank for value in values):
        raise ImportFailedError(f"cannot join {[value.shape for value in values]} along axis {axis}")
    image = values[0].is_image
    names = [g.channels_first(value) if image else value.name for value in values]
    shape = list(values[0].shape)
    shape[axis - 1] = sum(value.shape[axis - 1] for value in values)
    name = g.node("Concat", names, axis=(0, 2, 3, 1)[axis] if image else axis)
    return Value(name, tuple(shape), channels_first=image)


def reshape(g: GraphBuilder, x: Value, shape: Sequence[int]) -> Value:
    """Give each item of the batch a new shape."""
    if math.prod(shape) != math.prod(x.shape):
        raise ImportFailedError(f"cannot reshape {x.shape} to {tuple(shape)} item by item")
    # One pixel has the same bytes in both layouts, so the flattening needs no transpose.
    name = x.name if x.is_image and x.shape[:2] == (1, 1) else g.source_layout(x)
    target = g.constant([-1, *shape], np.int64)
    return Value(g.node("Reshape", [name, target]), tuple(shape))


def _image_shape(x: Value) -> tuple[Pair, int]:
    if not x.is_image:
        raise ImportFailedError(f"expected an image tensor, got shape {x.shape}")
    height, width, channels = x.shape
    return (height, width), channels


def _item_shape(operand: Operand, rank: int) -> tuple[int, ...]:
    """Return an operand's shape without the batch axis, which a constant may have with length one."""
    shape = operand.shape
    if isinstance(operand, Value) or len(shape) <= rank:
        return shape
    if len(shape) != rank + 1 or shape[0] != 1:
        raise ImportFailedError(f"a constant of shape {shape} differs between the items of a batch")
    return shape[1:]


def _operand(g: GraphBuilder, operand: Operand, shape: tuple[int, ...], image: bool) -> str:
    if isinstance(operand, Value):
        return g.channels_first(operand) if image else g.source_layout(operand)
    constant = operand.reshape(shape)
    if image and shape:
        constant = constant.reshape((1,) * (3 - len(shape)) + shape).transpose(2, 0, 1)
    return g.constant(constant)
