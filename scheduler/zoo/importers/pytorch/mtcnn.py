"""facenet-pytorch's MTCNN → one ONNX graph of the whole cascade.

Zhang et al., arXiv 1604.02878. The first network (P-Net) looks at a pyramid of the picture and proposes
boxes; the second (R-Net) looks at each of them, refines and thins them out; the third (O-Net) judges what is
left and gives five points. What facenet-pytorch does between them in PyTorch is nodes here, so that one run
of one graph serves a batch: candidates of all its pictures go through R-Net and O-Net together.

Two things differ from facenet-pytorch. The pyramid is made step by step, and crops are means of bilinear
samples (RoiAlign), where it has means of whole pixels: boxes differ by some hundredths of a face. And each
picture keeps at most ``PROPOSALS`` boxes of the first look, the best, so that a batch has a bound. The last
step, which of the final boxes are the same face, is left to the adapter.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import onnx

from ..damage import damage_is_import_failure
from ..graph import Array, GraphBuilder, Value
from ..layers import resize_bilinear
from .mtcnn_boxes import (
    Candidates,
    grid_boxes,
    moved,
    padded_corners,
    squared,
    survivors,
)
from .mtcnn_networks import final_net, proposal_net, refinement_net
from .torch_checkpoint import Weights, read_weights

SIZE = 640
FACES = "faces"  # the axis of what is found, in all pictures together
SMALLEST = 40  # pixels of a face, at least
STEP = 0.709  # from one scale of the pyramid to the next
CELL = 12  # pixels that P-Net sees at a time
SCORES = (0.6, 0.7)  # that P-Net's and R-Net's boxes must reach
OVERLAP_IN_SCALE, OVERLAP = 0.5, 0.7
PROPOSALS = 256
REFINED_SIZE, FINAL_SIZE = 24, 48


def import_mtcnn(files: Mapping[str, bytes]) -> onnx.ModelProto:
    """Convert ``pnet.pt``, ``rnet.pt`` and ``onet.pt``.

    ``images`` f32 ``[batch, 640, 640, 3]`` → of every candidate that reached O-Net: ``rows [faces, 1]``,
    which picture; ``boxes [faces, 4]``; ``scores [faces, 1]``; ``offsets [faces, 4]``; ``points [faces,
    10]``.

    :raises ImportFailedError: when a file is damaged or holds another network.
    """
    proposing, refining, final = (read_weights(files[f"{name}.pt"]) for name in ("pnet", "rnet", "onet"))
    with damage_is_import_failure("MTCNN checkpoint"):
        g = GraphBuilder()
        picture = Value(g.channels_first(g.input("images", (SIZE, SIZE, 3))), (SIZE, SIZE, 3), True)
        proposals = _propose(g, picture, proposing)
        refined = _refine(g, picture, proposals, refining)
        crops = _crops(g, picture, refined, FINAL_SIZE)
        score, offsets, points = final_net(g, crops, final)
        rows = g.node("Cast", [refined.rows], to=onnx.TensorProto.FLOAT)
        found = {
            "rows": Value(g.node("Unsqueeze", [rows, g.constant([1], np.int64)]), (1,), batch=FACES),
            "boxes": Value(refined.boxes, (4,), batch=FACES),
            "scores": Value(g.node("Unsqueeze", [score, g.constant([1], np.int64)]), (1,), batch=FACES),
            "offsets": Value(offsets, (4,), batch=FACES),
            "points": Value(points, (10,), batch=FACES),
        }
        return g.finish(found)


def scales() -> Iterator[float]:
    """How much smaller than the picture each level of the pyramid is."""
    scale = CELL / SMALLEST
    while SIZE * scale >= CELL:
        yield scale
        scale *= STEP


def _propose(g: GraphBuilder, picture: Value, weights: Weights) -> Candidates:
    """P-Net over the pyramid; its boxes, squared."""
    boxes: list[Array] = []
    scores, offsets = [], []
    level = picture
    for scale in scales():
        side = int(SIZE * scale + 1)
        level = _smaller(g, level, side)
        score, offset, cells = proposal_net(g, level, weights)
        boxes.append(grid_boxes(cells, scale, CELL))
        scores.append(survivors(g, boxes[-1], score, OVERLAP_IN_SCALE, SCORES[0], PROPOSALS))
        offsets.append(offset)
    every_box = g.constant(np.concatenate(boxes))
    every_score, every_offset = g.node("Concat", scores, axis=2), g.node("Concat", offsets, axis=1)
    limits = [g.constant([PROPOSALS], np.int64), g.constant([OVERLAP]), g.constant([SCORES[0]])]
    shape = g.node("Shape", [every_offset])
    chosen = g.node(
        "NonMaxSuppression", [g.node("Expand", [every_box, shape]), every_score, *limits]
    )  # picture, class (there is one), box
    rows, _, which = (g.node("Gather", [chosen, g.constant(column, np.int64)], axis=1) for column in range(3))
    in_pairs = g.node("Gather", [chosen, g.constant([0, 2], np.int64)], axis=1)
    box = g.node("Gather", [every_box, which], axis=0)
    return Candidates(rows, squared(g, moved(g, box, g.node("GatherND", [every_offset, in_pairs]), 0)))


def _smaller(g: GraphBuilder, picture: Value, side: int) -> Value:
    """Means over blocks, as large as fit into one pixel of the result, then bilinear."""
    block = picture.shape[0] // side
    if block > 1:
        name = g.node("AveragePool", [picture.name], kernel_shape=[block] * 2, strides=[block] * 2)
        rows = picture.shape[0] // block
        picture = Value(name, (rows, rows, 3), channels_first=True)
    return resize_bilinear(g, picture, (side, side), "half_pixel")


def _refine(g: GraphBuilder, picture: Value, proposals: Candidates, weights: Weights) -> Candidates:
    """R-Net over all proposals; what it believes in, each picture's boxes thinned out, moved and squared."""
    score, offsets = refinement_net(g, _crops(g, picture, proposals, REFINED_SIZE), weights)
    # Boxes of different pictures must not meet: each picture's are moved to a place of their own.
    apart = g.node(
        "Mul", [g.node("Cast", [proposals.rows], to=onnx.TensorProto.FLOAT), g.constant(4.0 * SIZE)]
    )
    places = g.node("Add", [proposals.boxes, g.node("Unsqueeze", [apart, g.constant([1], np.int64)])])
    limits = [g.constant([2**31], np.int64), g.constant([OVERLAP]), g.constant([SCORES[1]])]
    one, two = g.constant([0], np.int64), g.constant([0, 1], np.int64)
    chosen = g.node(
        "NonMaxSuppression", [g.node("Unsqueeze", [places, one]), g.node("Unsqueeze", [score, two]), *limits]
    )
    which = g.node("Gather", [chosen, g.constant(2, np.int64)], axis=1)
    rows, boxes, offsets = (
        g.node("Gather", [each, which], axis=0) for each in (proposals.rows, proposals.boxes, offsets)
    )
    return Candidates(rows, squared(g, moved(g, boxes, offsets, 1)))


def _crops(g: GraphBuilder, picture: Value, candidates: Candidates, size: int) -> Value:
    """What lies in each candidate's box: ``[K, 3, size, size]``."""
    corners = padded_corners(g, candidates.boxes, SIZE)
    name = g.node(
        "RoiAlign",
        [picture.name, corners, candidates.rows],
        output_height=size,
        output_width=size,
        sampling_ratio=0,
        mode="avg",
        coordinate_transformation_mode="half_pixel",
    )
    return Value(name, (size, size, 3), channels_first=True)
