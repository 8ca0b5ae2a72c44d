"""WeSpeaker's ResNet34 → ONNX: residual convolutions over time and frequency, statistics pooling, one layer.

Wang et al., "WeSpeaker: a research and production oriented speaker embedding learning toolkit", ICASSP 2023
(arXiv:2210.17016), as published by pyannote (wespeaker-voxceleb-resnet34-LM). Batch normalisation is folded
into the convolutions. The result gives embeddings before their L2 normalisation.
"""

import numpy as np
import onnx

from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from .torch_checkpoint import Weights, read_weights
from .torch_layers import convolution, folded

FRAMES = 198
BANDS = 80
BLOCKS = (3, 4, 6, 3)
BATCH_NORM_EPSILON = 1e-5
# What pyannote keeps beside the weights: a description of the training task, the version of PyTorch.
BESIDE = (
    "pyannote.audio.core.task.Specifications",
    "pyannote.audio.core.task.Problem",
    "pyannote.audio.core.task.Resolution",
    "torch.torch_version.TorchVersion",
)


def import_wespeaker(content: bytes) -> onnx.ModelProto:
    """Convert pyannote's checkpoint: ``fbank`` f32 ``[batch, 198, 80]`` → ``embedding`` ``[batch, 256]``.

    :raises ImportFailedError: when the file is damaged or holds another network.
    """
    state = read_weights(content, "state_dict", BESIDE)
    weights = {name.removeprefix("resnet."): tensor for name, tensor in state.items()}
    with damage_is_import_failure("WeSpeaker checkpoint"):
        g = GraphBuilder()
        fbank = g.input("fbank", (FRAMES, BANDS))
        turned = g.node("Transpose", [fbank.name], perm=[0, 2, 1])
        x = g.node("Unsqueeze", [turned, g.constant([1], np.int64)])
        x = g.node("Relu", [_convolution(g, x, weights, "conv1", "bn1", 1)])
        for layer, blocks in enumerate(BLOCKS, 1):
            for block in range(blocks):
                x = _block(g, x, weights, f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1)
        linear = [g.constant(weights["seg_1.weight"]), g.constant(weights["seg_1.bias"])]
        embedding = g.node("Gemm", [_statistics(g, x), *linear], transB=1)
        return g.finish({"embedding": Value(embedding, weights["seg_1.bias"].shape)})


def _block(g: GraphBuilder, x: str, weights: Weights, name: str, stride: int) -> str:
    inner = g.node("Relu", [_convolution(g, x, weights, f"{name}.conv1", f"{name}.bn1", stride)])
    inner = _convolution(g, inner, weights, f"{name}.conv2", f"{name}.bn2", 1)
    if f"{name}.shortcut.0.weight" in weights:
        x = _convolution(g, x, weights, f"{name}.shortcut.0", f"{name}.shortcut.1", stride)
    return g.node("Relu", [g.node("Add", [inner, x])])


def _convolution(g: GraphBuilder, x: str, weights: Weights, name: str, norm: str, stride: int) -> str:
    """A convolution and the normalisation after it, as one convolution."""
    kernel, bias = folded(weights, name, norm, BATCH_NORM_EPSILON)
    edge = kernel.shape[-1] // 2
    return convolution(g, x, kernel, bias, stride, (edge, edge))


def _statistics(g: GraphBuilder, x: str) -> str:
    """Means, then standard deviations (over n − 1), along time of ``[batch, C, F, T]``."""
    shape = g.constant([0, -1, -(-FRAMES // 8)], np.int64)
    flat = g.node("Reshape", [x, shape])
    mean = g.node("ReduceMean", [flat], axes=[2], keepdims=1)
    apart = g.node("Sub", [flat, mean])
    squares = g.node("ReduceSum", [g.node("Mul", [apart, apart]), g.constant([2], np.int64)], keepdims=0)
    deviation = g.node("Sqrt", [g.node("Div", [squares, g.constant(-(-FRAMES // 8) - 1)])])
    flat_mean = g.node("Squeeze", [mean, g.constant([2], np.int64)])
    return g.node("Concat", [flat_mean, deviation], axis=1)
