"""YOLOv8 detectors → ONNX, layer by layer as the checkpoint describes itself.

Jocher et al., ultralytics YOLOv8 (2023). The weights are published as a pickled module; its layers say which
others they take from (``f``), and their strides, paddings and groups. Neither ultralytics nor anything that
it depends on is needed (it would bring a second OpenCV). The result is what ultralytics' own exporter gives:
boxes decoded, scores in 0..1.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx

from ...errors import ImportFailedError
from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from .torch_layers import between, convolution, join
from .torch_module import Layer, read_module

SIZE = 640
STRIDES = (8, 16, 32)
POINTS = sum((SIZE // stride) ** 2 for stride in STRIDES)
BINS = 16  # of the distribution of each side's distance (arXiv 2006.04388)


def import_yolov8(content: bytes) -> onnx.ModelProto:
    """Convert a checkpoint: ``images`` f32 ``[B, 640, 640, 3]`` → ``output0`` ``[B, 4 + classes, 8400]``.

    :raises ImportFailedError: when the file is damaged or holds another network.
    """
    module = read_module(content, "model")
    with damage_is_import_failure("YOLOv8 checkpoint"):
        g = GraphBuilder()
        classes = 0
        outputs = [g.channels_first(g.input("images", (SIZE, SIZE, 3)))]
        for layer in module.child("model").children.values():
            sources = layer.held["f"]
            # −1 is the layer before, 0 the first one's output; outputs[0] is the picture.
            taken = [
                outputs[each if each < 0 else each + 1]
                for each in (sources if isinstance(sources, list) else [sources])
            ]
            outputs.append(_built(g, layer, taken))
            classes = layer.held.get("nc", classes)
        return g.finish({"output0": Value(outputs[-1], (4 + classes, POINTS))})


def _built(g: GraphBuilder, layer: Layer, taken: list[str]) -> str:
    if layer.kind == "Concat":
        return join(g, taken)
    if layer.kind == "Detect":
        return _detect(g, layer, taken)
    if layer.kind not in BLOCKS:
        raise ImportFailedError(f"YOLOv8 has no layer {layer.kind!r}")
    return BLOCKS[layer.kind](g, layer, taken[0])


def _conv(g: GraphBuilder, layer: Layer, x: str) -> str:
    """A convolution, its normalisation folded in, and x · sigmoid(x)."""
    norm = layer.child("bn")
    scale = norm.tensor("weight") / np.sqrt(norm.tensor("running_var") + norm.held["eps"])
    bias = norm.tensor("bias") - norm.tensor("running_mean") * scale
    kernel = layer.child("conv").tensor("weight") * scale[:, None, None, None]
    x = _plain(g, layer.child("conv"), x, kernel, bias)
    activation = layer.child("act").kind
    if activation not in ("SiLU", "Identity"):
        raise ImportFailedError(f"YOLOv8 has no activation {activation!r}")
    return x if activation == "Identity" else g.node("Mul", [x, g.node("Sigmoid", [x])])


def _plain(g: GraphBuilder, layer: Layer, x: str, kernel: Any, bias: Any) -> str:
    held = layer.held
    return convolution(g, x, kernel, bias, held["stride"][0], held["padding"], held["groups"])


def _c2f(g: GraphBuilder, layer: Layer, x: str) -> str:
    """Two halves; bottlenecks one after the other from the second; all of it joined."""
    both = _conv(g, layer.child("cv1"), x)
    half = layer.held["c"]
    parts = [between(g, both, 0, half), between(g, both, half, 2 * half)]
    for bottleneck in layer.child("m").children.values():
        parts.append(_bottleneck(g, bottleneck, parts[-1]))
    return _conv(g, layer.child("cv2"), join(g, parts))


def _bottleneck(g: GraphBuilder, layer: Layer, x: str) -> str:
    inner = _conv(g, layer.child("cv2"), _conv(g, layer.child("cv1"), x))
    return g.node("Add", [x, inner]) if layer.held["add"] else inner


def _sppf(g: GraphBuilder, layer: Layer, x: str) -> str:
    """Three maxima over growing surroundings, beside what they are taken of."""
    size = layer.child("m").held["kernel_size"]
    parts = [_conv(g, layer.child("cv1"), x)]
    for _ in range(3):
        pool = {"kernel_shape": [size] * 2, "strides": [1, 1], "pads": [size // 2] * 4}
        parts.append(g.node("MaxPool", [parts[-1]], **pool))
    return _conv(g, layer.child("cv2"), join(g, parts))


def _upsample(g: GraphBuilder, layer: Layer, x: str) -> str:
    factor = float(layer.held["scale_factor"])
    grid = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return g.node("Resize", [x, "", g.constant([1, 1, factor, factor])], mode="nearest", **grid)


def _detect(g: GraphBuilder, layer: Layer, taken: list[str]) -> str:
    """Boxes in input pixels above the classes' scores."""
    distances = _along(g, layer.child("cv2"), taken, 4 * BINS)
    scores = g.node("Sigmoid", [_along(g, layer.child("cv3"), taken, layer.held["nc"])])
    # A side's distance is the mean of its distribution over 0..15.
    bins = g.node("Reshape", [distances, g.constant([0, 4, BINS, POINTS], np.int64)])
    weighted = g.node(
        "Mul", [g.node("Softmax", [bins], axis=2), g.constant(np.arange(BINS).reshape(1, 1, BINS, 1))]
    )
    sides = g.node("ReduceSum", [weighted, g.constant([2], np.int64)], keepdims=0)
    before, after = between(g, sides, 0, 2), between(g, sides, 2, 4)
    centers, strides = _grid()
    low = g.node("Sub", [g.constant(centers), before])
    high = g.node("Add", [g.constant(centers), after])
    middle = g.node("Mul", [g.node("Add", [low, high]), g.constant(strides / 2)])
    size = g.node("Mul", [g.node("Sub", [high, low]), g.constant(strides)])
    return join(g, [middle, size, scores])


def _along(g: GraphBuilder, heads: Layer, taken: list[str], channels: int) -> str:
    """Each scale through its head, and all points of all scales in one line."""
    lines = []
    for head, x in zip(heads.children.values(), taken, strict=True):
        for layer in head.children.values():
            if layer.kind == "Conv":
                x = _conv(g, layer, x)
            else:
                x = _plain(g, layer, x, layer.tensor("weight"), layer.tensor("bias"))
        lines.append(g.node("Reshape", [x, g.constant([0, channels, -1], np.int64)]))
    return g.node("Concat", lines, axis=2)


def _grid() -> tuple[Any, Any]:
    """Middles of the cells, f32 ``[1, 2, POINTS]``, in strides; the strides ``[1, 1, POINTS]``."""
    centers, strides = [], []
    for stride in STRIDES:
        line = np.arange(SIZE // stride) + 0.5
        x, y = np.meshgrid(line, line)
        centers.append(np.stack([x.ravel(), y.ravel()]))
        strides.append(np.full((1, x.size), stride))
    return np.hstack(centers)[None], np.hstack(strides)[None]


BLOCKS: Mapping[str, Callable[[GraphBuilder, Layer, str], str]] = {
    "Conv": _conv,
    "C2f": _c2f,
    "SPPF": _sppf,
    "Upsample": _upsample,
}
