"""MTCNN's three networks, as facenet-pytorch has them (Zhang et al., arXiv 1604.02878)."""

import math

import numpy as np

from ..graph import GraphBuilder, Value
from ..layers import Window, max_pool, prelu
from .torch_checkpoint import Weights
from .torch_layers import between, convolution


def proposal_net(g: GraphBuilder, x: Value, weights: Weights) -> tuple[str, str, int]:
    """Scores ``[B, 1, N]``, offsets ``[B, N, 4]`` and the cells on a side, N being its square."""
    x = _step(g, x, weights, 1, pool=2)
    x = _step(g, x, weights, 2)
    x = _step(g, x, weights, 3)
    score = g.node("Softmax", [_conv(g, x, weights, "conv4_1").name], axis=1)
    flat = g.node("Reshape", [score, g.constant([0, 2, -1], np.int64)])
    offsets = g.node("Reshape", [_conv(g, x, weights, "conv4_2").name, g.constant([0, 4, -1], np.int64)])
    return between(g, flat, 1, 2), g.node("Transpose", [offsets], perm=[0, 2, 1]), x.shape[0]


def refinement_net(g: GraphBuilder, x: Value, weights: Weights) -> tuple[str, str]:
    """Scores ``[K]`` and offsets ``[K, 4]``."""
    x = _step(g, x, weights, 1, pool=3)
    x = _step(g, x, weights, 2, pool=3)
    x = _step(g, x, weights, 3)
    hidden = _dense_step(g, _flat(g, x), weights, 4)
    return _face_score(g, hidden, weights, "dense5_1"), _dense(g, hidden, weights, "dense5_2")


def final_net(g: GraphBuilder, x: Value, weights: Weights) -> tuple[str, str, str]:
    """Scores ``[K]``, offsets ``[K, 4]`` and points ``[K, 10]``."""
    x = _step(g, x, weights, 1, pool=3)
    x = _step(g, x, weights, 2, pool=3)
    x = _step(g, x, weights, 3, pool=2)
    x = _step(g, x, weights, 4)
    hidden = _dense_step(g, _flat(g, x), weights, 5)
    score = _face_score(g, hidden, weights, "dense6_1")
    return score, _dense(g, hidden, weights, "dense6_2"), _dense(g, hidden, weights, "dense6_3")


def _step(g: GraphBuilder, x: Value, weights: Weights, number: int, pool: int = 0) -> Value:
    """Convolution, PReLU, and the maximum of every second place of a window that may reach over the edge."""
    x = prelu(g, _conv(g, x, weights, f"conv{number}"), weights[f"prelu{number}.weight"])
    return max_pool(g, x, (pool, pool), Window((2, 2), (0, 0, 1, 1))) if pool else x


def _conv(g: GraphBuilder, x: Value, weights: Weights, name: str) -> Value:
    kernel = weights[f"{name}.weight"]
    side = x.shape[0] - kernel.shape[2] + 1
    made = convolution(g, x.name, kernel, weights[f"{name}.bias"])
    return Value(made, (side, side, kernel.shape[0]), channels_first=True)


def _flat(g: GraphBuilder, x: Value) -> str:
    """``[K, C, H, W]`` in the order W, H, C, as the weights of the first dense layer have it."""
    turned = g.node("Transpose", [x.name], perm=[0, 3, 2, 1])
    return g.node("Reshape", [turned, g.constant([-1, math.prod(x.shape)], np.int64)])


def _dense_step(g: GraphBuilder, x: str, weights: Weights, number: int) -> str:
    return g.node(
        "PRelu", [_dense(g, x, weights, f"dense{number}"), g.constant(weights[f"prelu{number}.weight"])]
    )


def _dense(g: GraphBuilder, x: str, weights: Weights, name: str) -> str:
    return g.node(
        "Gemm", [x, g.constant(weights[f"{name}.weight"]), g.constant(weights[f"{name}.bias"])], transB=1
    )


def _face_score(g: GraphBuilder, x: str, weights: Weights, name: str) -> str:
    both = g.node("Softmax", [_dense(g, x, weights, name)], axis=1)
    return g.node("Gather", [both, g.constant(1, np.int64)], axis=1)
