"""GE2E speaker encoder → ONNX: three LSTM layers, the last state through a linear layer and Relu.

Wan et al., "Generalized end-to-end loss for speaker verification", ICASSP 2018, as published by Resemblyzer
(github.com/resemble-ai/Resemblyzer). The result gives embeddings before their L2 normalisation.
"""

import numpy as np
import onnx
from numpy.typing import NDArray

from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from .torch_checkpoint import Weights, read_weights

LAYERS = 3
FRAMES = 160
BANDS = 40


def import_ge2e(content: bytes) -> onnx.ModelProto:
    """Convert Resemblyzer's checkpoint: ``mels`` f32 ``[batch, 160, 40]`` → ``embedding`` ``[batch, 256]``.

    :raises ImportFailedError: when the file is damaged or holds another network.
    """
    weights = read_weights(content, "model_state")
    with damage_is_import_failure("GE2E checkpoint"):
        g = GraphBuilder()
        mels = g.input("mels", (FRAMES, BANDS))
        steps = g.node("Transpose", [mels.name], perm=[1, 0, 2])  # ONNX's LSTM takes time first
        for layer in range(LAYERS):
            steps = _lstm(g, steps, weights, layer)
        last = g.node("Gather", [steps, g.constant(-1, np.int64)], axis=0)
        linear = [g.constant(weights["linear.weight"]), g.constant(weights["linear.bias"])]
        raw = g.node("Gemm", [last, *linear], transB=1)
        embedding = Value(g.node("Relu", [raw]), weights["linear.bias"].shape)
        return g.finish({"embedding": embedding})


def _lstm(g: GraphBuilder, steps: str, weights: Weights, layer: int) -> str:
    """One layer over ``[time, batch, features]``."""
    names = [f"lstm.{kind}_l{layer}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    inputs, states, *biases = (_in_onnx_order(weights[name]) for name in names)
    constants = [g.constant(part[None]) for part in (inputs, states, np.concatenate(biases))]
    every_step = g.node("LSTM", [steps, *constants], hidden_size=states.shape[1])
    return g.node("Squeeze", [every_step, g.constant([1], np.int64)])  # one direction only


def _in_onnx_order(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch stacks the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    i, f, c, o = np.split(gates, 4)
    return np.concatenate([i, o, f, c])
