"""Operators that compute each element by itself, and those that sum elements up."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from torch.nn import functional

from .registry import Node, Tensor, numbers, operator

ELEMENTWISE: dict[str, Callable[..., Tensor]] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "HardSwish": functional.hardswish,
    "Identity": lambda x: x,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "MatMul": torch.matmul,
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "Pow": torch.pow,
    "PRelu": lambda x, slope: torch.where(x < 0, x * slope, x),
    "Reciprocal": torch.reciprocal,
    "Relu": torch.relu,
    "Round": torch.round,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Softplus": functional.softplus,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Tanh": torch.tanh,
    "Where": torch.where,
}


def _elementwise(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda _, *inputs: function(*inputs)


for kind, function in ELEMENTWISE.items():
    operator(kind)(_elementwise(function))


@operator("Div")
def div(_: Node, x: Tensor, y: Tensor) -> Tensor:
    """Integers are cut towards zero, as in C."""
    return torch.div(x, y, rounding_mode=None if x.is_floating_point() else "trunc")


@operator("Max")
def maximum(_: Node, *inputs: Tensor) -> Tensor:
    """The largest of all inputs, element by element."""
    return reduce(torch.maximum, inputs)


@operator("Min")
def minimum(_: Node, *inputs: Tensor) -> Tensor:
    """The least of all inputs, element by element."""
    return reduce(torch.minimum, inputs)


@operator("Clip")
def clip(_: Node, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """Bounded below, above, or both."""
    return x if low is None and high is None else torch.clamp(x, low, high)


@operator("HardSigmoid")
def hard_sigmoid(node: Node, x: Tensor) -> Tensor:
    """A line between 0 and 1."""
    slope, height = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return torch.clamp(x * slope + height, 0, 1)


@operator("LeakyRelu")
def leaky_relu(node: Node, x: Tensor) -> Tensor:
    """What is negative is scaled."""
    return functional.leaky_relu(x, node.attributes.get("alpha", 0.01))


@operator("Softmax")
def softmax(node: Node, x: Tensor) -> Tensor:
    """Shares of 1 along an axis."""
    return torch.softmax(x, node.attributes.get("axis", -1))


@operator("Gemm")
def gemm(node: Node, x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """alpha · x · weights + beta · bias, either matrix transposed if asked."""
    x = x.t() if node.attributes.get("transA") else x
    weights = weights.t() if node.attributes.get("transB") else weights
    product = node.attributes.get("alpha", 1.0) * torch.matmul(x, weights)
    return product if bias is None else product + node.attributes.get("beta", 1.0) * bias


@operator("BatchNormalization")
def batch_normalization(
    node: Node, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """By the statistics that training left."""
    epsilon = node.attributes.get("epsilon", 1e-5)
    return functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)


@operator("LayerNormalization")
def layer_normalization(node: Node, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    """By the statistics of each element's last axes."""
    axis = node.attributes.get("axis", -1) % x.dim()
    return functional.layer_norm(x, x.shape[axis:], scale, bias, node.attributes.get("epsilon", 1e-5))


@operator("GlobalAveragePool")
def global_average_pool(_: Node, x: Tensor) -> Tensor:
    """Each channel's mean."""
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


def _reducer(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Axes are an input since opset 13 or 18, an attribute before; where none are given all are meant."""

    def compute(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
        given: Sequence[int] = node.attributes.get("axes", ()) if axes is None else numbers(axes)
        if not given and node.attributes.get("noop_with_empty_axes"):
            return x
        return function(
            x, dim=tuple(given) or tuple(range(x.dim())), keepdim=bool(node.attributes.get("keepdims", 1))
        )

    return compute


REDUCERS: dict[str, Callable[..., Any]] = {
    "ReduceL2": torch.linalg.vector_norm,
    "ReduceMax": torch.amax,
    "ReduceMean": torch.mean,
    "ReduceMin": torch.amin,
    "ReduceSum": torch.sum,
}
for kind, function in REDUCERS.items():
    operator(kind, on_host=(1,))(_reducer(function))


@operator("ArgMax")
def arg_max(node: Node, x: Tensor) -> Tensor:
    """Where the largest one is, the first of equals."""
    axis, keep = node.attributes.get("axis", 0), bool(node.attributes.get("keepdims", 1))
    return torch.argmax(x, axis, keepdim=keep)


@operator("TopK", on_host=(1,))
def top_k(node: Node, x: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """The largest (or least) along an axis, and where they are."""
    [most] = numbers(count)
    axis, largest = node.attributes.get("axis", -1), bool(node.attributes.get("largest", 1))
    values, places = torch.topk(x, most, axis, largest, bool(node.attributes.get("sorted", 1)))
    return values, places
