"""facenet-pytorch's InceptionResnetV1 → ONNX.

Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", AAAI 2017
(arXiv 1602.07261), the variant of David Sandberg's facenet. Batch normalisation is folded into the
convolutions; dropout and the classifier are training's. The result gives embeddings before their L2
normalisation.
"""

import onnx

from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from .torch_checkpoint import Weights, read_weights
from .torch_layers import convolution, folded, join

SIZE = 160
EMBEDDING_SIZE = 512
EPSILON = 1e-3
# Blocks of one kind: how often, how much of each is added to its input.
RESIDUALS = {"repeat_1": (5, 0.17), "repeat_2": (10, 0.10), "repeat_3": (5, 0.20)}


def import_facenet(content: bytes) -> onnx.ModelProto:
    """Convert a state dictionary: ``images`` f32 ``[batch, 160, 160, 3]`` → ``embedding`` ``[batch, 512]``.

    :raises ImportFailedError: when the file is damaged or holds another network.
    """
    weights = read_weights(content)
    with damage_is_import_failure("FaceNet checkpoint"):
        g = GraphBuilder()
        x = g.channels_first(g.input("images", (SIZE, SIZE, 3)))
        x = _stem(g, x, weights)
        x = _repeated(g, x, weights, "repeat_1")
        x = _reduction(g, x, weights, "mixed_6a")
        x = _repeated(g, x, weights, "repeat_2")
        x = _reduction(g, x, weights, "mixed_7a")
        x = _repeated(g, x, weights, "repeat_3")
        x = _residual(g, x, weights, "block8", 1.0)
        pooled = g.node("Flatten", [g.node("GlobalAveragePool", [x])])
        kernel, bias = folded(weights, "last_linear", "last_bn", EPSILON)
        embedding = g.node("Gemm", [pooled, g.constant(kernel), g.constant(bias)], transB=1)
        return g.finish({"embedding": Value(embedding, (EMBEDDING_SIZE,))})


def _stem(g: GraphBuilder, x: str, weights: Weights) -> str:
    x = _convolution(g, x, weights, "conv2d_1a", stride=2)
    x = _convolution(g, x, weights, "conv2d_2a")
    x = _convolution(g, x, weights, "conv2d_2b", same=True)
    x = _pool(g, x)
    x = _convolution(g, x, weights, "conv2d_3b")
    x = _convolution(g, x, weights, "conv2d_4a")
    return _convolution(g, x, weights, "conv2d_4b", stride=2)


def _repeated(g: GraphBuilder, x: str, weights: Weights, name: str) -> str:
    times, scale = RESIDUALS[name]
    for block in range(times):
        x = g.node("Relu", [_residual(g, x, weights, f"{name}.{block}", scale)])
    return x


def _residual(g: GraphBuilder, x: str, weights: Weights, name: str, scale: float) -> str:
    """Branches that keep the size, joined, brought to the input's channels, scaled, and added to it."""
    branches = [_chain(g, x, weights, branch, same=True) for branch in _branches(weights, name)]
    kernel, bias = weights[f"{name}.conv2d.weight"] * scale, weights[f"{name}.conv2d.bias"] * scale
    return g.node("Add", [x, convolution(g, join(g, branches), kernel, bias)])


def _reduction(g: GraphBuilder, x: str, weights: Weights, name: str) -> str:
    """Branches that halve the size at their end, and a pooling that does."""
    branches = [_chain(g, x, weights, branch, same=False) for branch in _branches(weights, name)]
    return join(g, [*branches, _pool(g, x)])


def _branches(weights: Weights, name: str) -> list[str]:
    found = {key.split(".branch")[1].split(".")[0] for key in weights if key.startswith(f"{name}.branch")}
    return [f"{name}.branch{number}" for number in sorted(found)]


def _chain(g: GraphBuilder, x: str, weights: Weights, name: str, same: bool) -> str:
    """One convolution, or several one after the other of which the last halves the size unless ``same``."""
    if f"{name}.conv.weight" in weights:
        return _convolution(g, x, weights, name, 1 if same else 2, same)
    length = sum(key.startswith(f"{name}.") and key.endswith(".conv.weight") for key in weights)
    for position in range(length):
        halving = not same and position == length - 1
        x = _convolution(g, x, weights, f"{name}.{position}", 2 if halving else 1, not halving)
    return x


def _convolution(
    g: GraphBuilder, x: str, weights: Weights, name: str, stride: int = 1, same: bool = False
) -> str:
    kernel, bias = folded(weights, f"{name}.conv", f"{name}.bn", EPSILON)
    height, width = kernel.shape[2:]
    edges = (height // 2, width // 2) if same else (0, 0)
    return g.node("Relu", [convolution(g, x, kernel, bias, stride, edges)])


def _pool(g: GraphBuilder, x: str) -> str:
    return g.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
