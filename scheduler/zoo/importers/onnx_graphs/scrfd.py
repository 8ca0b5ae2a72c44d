"""InsightFace's SCRFD graphs (``det_10g``, ``det_500m``) → any number of pictures at once.

The published graphs were exported for one image, with ``permute(2, 3, 0, 1).reshape(-1, k)`` at the end of
each of nine branches: with a batch, anchors of all images would be mixed. (The exporter was mended later, in
deepinsight/insightface#1781; the published weights were not, see #2879.) Here the branches end in
``permute(0, 2, 3, 1).reshape(batch, -1, k)``, and the three scales of each kind are joined.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ...errors import ImportFailedError
from .published_onnx import give, read_onnx, require_same, take_pictures

SIZE = 640
ANCHORS = 16_800
KINDS = {"scores": 1, "distances": 4, "points": 10}  # outputs come in this order, each at three scales
SCALES = 3
MIXED, APART = [2, 3, 0, 1], [0, 2, 3, 1]


def import_scrfd(content: bytes) -> onnx.ModelProto:
    """Convert a published graph.

    ``images`` f32 ``[batch, 640, 640, 3]`` → ``scores`` ``[batch, 16800, 1]``, ``distances`` ``[batch, 16800,
    4]`` and ``points`` ``[batch, 16800, 10]``, in strides, the finest scale first.

    :raises ImportFailedError: when the file is damaged, or another graph, or one that cannot take a batch.
    """
    model = read_onnx(content)
    names = [output.name for output in model.graph.output]
    if len(names) != SCALES * len(KINDS):
        raise ImportFailedError(f"SCRFD with key points has nine outputs, this graph has {len(names)}")
    take_pictures(model, SIZE)
    outputs = {}
    for first, (kind, width) in enumerate(KINDS.items()):
        branches = names[SCALES * first : SCALES * (first + 1)]
        for branch in branches:
            _part_images(model.graph, branch, width)
        joined = f"joined/{kind}"
        model.graph.node.append(helper.make_node("Concat", branches, [joined], name=joined, axis=1))
        outputs[kind] = (joined, [ANCHORS, width])
    give(model, outputs)
    require_same(model, SIZE)
    return model


def _part_images(graph: onnx.GraphProto, output: str, width: int) -> None:
    """Keep the images of one branch apart."""
    nodes = {node.op_type: node for node in _backwards(graph, output)}
    if not {"Transpose", "Reshape"} <= nodes.keys():
        raise ImportFailedError(f"the output {output} does not end as SCRFD's do")
    (perm,) = (each for each in nodes["Transpose"].attribute if each.name == "perm")
    if list(perm.ints) not in (MIXED, APART):
        raise ImportFailedError(f"the output {output} is laid out as {list(perm.ints)}, not as SCRFD's are")
    perm.ints[:] = APART
    shape = helper.make_node(
        "Constant",
        [],
        [f"shape/{output}"],
        name=f"shape/{output}",
        value=numpy_helper.from_array(np.array([0, -1, width], np.int64)),  # 0: as many images as came
    )
    nodes["Reshape"].input[1] = shape.output[0]
    graph.node.insert(0, shape)


def _backwards(graph: onnx.GraphProto, output: str) -> Iterator[onnx.NodeProto]:
    """The nodes before an output, up to the transposition that begins its branch's end."""
    made_by = {name: node for node in graph.node for name in node.output}
    while output in made_by:
        node = made_by[output]
        yield node
        if node.op_type not in ("Sigmoid", "Reshape"):
            return
        output = node.input[0]
