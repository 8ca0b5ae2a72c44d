"""Graphs with random weights and the edges of those that InsightFace publishes: names, shapes, last nodes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

CHANNELS = 6
STRIDES = (8, 16, 32)
WIDTHS = (1, 4, 10)  # of scores, distances and points
# det_10g's output names, in its order: scores, distances, points; each at three strides.
SCRFD_OUTPUTS = ("448", "471", "494", "451", "474", "497", "454", "477", "500")


class _Graph:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, array: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(
            helper.make_node(operator, list(inputs), [output], name=output + "/node", **attributes)
        )
        return output

    def conv(self, x: str, name: str, inside: int, outside: int, size: int, scale: float = 1.0) -> str:
        kernel = self.rng.normal(0, scale / np.sqrt(inside * size * size), (outside, inside, size, size))
        weight = self.weight(f"{name}.weight", kernel.astype(np.float32))
        return self.node("Conv", [x, weight], name, strides=[size, size])

    def model(self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> bytes:
        graph = helper.make_graph(self.nodes, "published", inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
        model.ir_version = 6
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def _floats(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def scrfd_graph(seed: int = 1, batch_inside: bool = False, shift: float = 0.0) -> bytes:
    """SCRFD's edges: one image in, nine flat outputs; ``batch_inside``: a node insists on one image.

    ``shift`` is added to the scores' logits.
    """
    g = _Graph(seed)
    features = []
    x = g.conv("input.1", "stem", 3, CHANNELS, 8)
    for number, stride in enumerate(STRIDES):
        x = g.node(
            "Relu", [x if not number else g.conv(x, f"down{stride}", CHANNELS, CHANNELS, 2)], f"f{stride}"
        )
        features.append(x)
    if batch_inside:
        shape = g.weight("one", np.array([1, CHANNELS, 80, 80], np.int64))
        features[0] = g.node("Reshape", [features[0], shape], "insisting")
    # The published graphs bring the coarser scales into the finer ones by sizes that they compute.
    nothing = g.weight("nothing", np.zeros(0, np.float32))
    sized = g.node("Shape", [features[0]], "sized")
    up = g.node(
        "Resize",
        [features[1], nothing, nothing, sized],
        "up",
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    features[0] = g.node("Add", [features[0], up], "joined")
    for kind, width in enumerate(WIDTHS):
        for scale, feature in enumerate(features):
            name = SCRFD_OUTPUTS[3 * kind + scale]
            head = g.conv(feature, f"head{name}", CHANNELS, 2 * width, 1, 2.0)
            if kind == 0:
                head = g.node(
                    "Add", [head, g.weight(f"shift{name}", np.array(shift, np.float32))], f"shifted{name}"
                )
            turned = g.node("Transpose", [head], f"turned{name}", perm=[2, 3, 0, 1])
            flat = g.weight(f"flat{name}", np.array([-1, width], np.int64))
            reshaped = g.node("Reshape", [turned, flat], name if kind else f"logits{name}")
            if kind == 0:
                g.node("Sigmoid", [reshaped], name)
    outputs = [
        _floats(SCRFD_OUTPUTS[3 * kind + scale], [2 * (640 // stride) ** 2, width])
        for kind, width in enumerate(WIDTHS)
        for scale, stride in enumerate(STRIDES)
    ]
    return g.model([_floats("input.1", [1, 3, "?", "?"])], outputs)


def arcface_graph(seed: int = 2, batch_inside: bool = False) -> bytes:
    """ArcFace's edges: ``input.1`` in, 512 numbers of one face out."""
    g = _Graph(seed)
    x = g.node("Relu", [g.conv("input.1", "stem", 3, CHANNELS, 8)], "features")
    if batch_inside:
        x = g.node("Reshape", [x, g.weight("one", np.array([1, -1], np.int64))], "flat")
    else:
        x = g.node("Flatten", [x], "flat", axis=1)
    matrix = g.rng.normal(0, 0.1, (512, CHANNELS * 14 * 14)).astype(np.float32)
    bias = g.weight("fc.bias", np.zeros(512, np.float32))
    g.node("Gemm", [x, g.weight("fc.weight", matrix), bias], "683", transB=1)
    return g.model([_floats("input.1", ["None", 3, 112, 112])], [_floats("683", [1, 512])])
