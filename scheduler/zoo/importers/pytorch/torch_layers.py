"""Layers that PyTorch checkpoints share, written as ONNX nodes; names of tensors are the checkpoint's."""

from collections.abc import Sequence

import numpy as np

from ..graph import Array, GraphBuilder
from .torch_checkpoint import Weights

Pair = tuple[int, int]


def folded(weights: Weights, convolution: str, norm: str, epsilon: float) -> tuple[Array, Array]:
    """Kernel and bias of a convolution and the batch normalisation after it, as one."""
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + epsilon)
    own = weights.get(f"{convolution}.bias", 0.0)
    bias = weights[f"{norm}.bias"] + (own - weights[f"{norm}.running_mean"]) * scale
    kernel = weights[f"{convolution}.weight"]
    return kernel * scale.reshape(-1, *(1,) * (kernel.ndim - 1)), bias


def convolution(
    g: GraphBuilder,
    x: str,
    kernel: Array,
    bias: Array,
    stride: int = 1,
    edges: Pair = (0, 0),
    groups: int = 1,
) -> str:
    """Convolve ``[batch, C, H, W]``; ``edges``: zeros above and below, left and right."""
    return g.node(
        "Conv",
        [x, g.constant(kernel), g.constant(bias)],
        strides=[stride] * 2,
        pads=[*edges, *edges],
        group=groups,
    )


def join(g: GraphBuilder, parts: Sequence[str]) -> str:
    """Concatenate channels."""
    return g.node("Concat", parts, axis=1)


def between(g: GraphBuilder, x: str, begin: int, end: int) -> str:
    """Channels ``begin`` to ``end``: of the axis after the batch."""
    return g.node("Slice", [x, *(g.constant([edge], np.int64) for edge in (begin, end, 1))])
