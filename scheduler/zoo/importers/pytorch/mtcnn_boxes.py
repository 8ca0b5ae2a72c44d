"""What MTCNN does with boxes between its networks, as ONNX nodes.

Boxes are f32 ``[K, 4]``: left, top, right, bottom in pixels. facenet-pytorch counts them from 1 and lets them
hold their last pixel, now and then; where it matters it is said.
"""

from typing import NamedTuple

import numpy as np
import onnx

from ..graph import Array, GraphBuilder
from .torch_layers import between

STRIDE = 2  # pixels from one of P-Net's cells to the next


class Candidates(NamedTuple):
    """Names of tensors: which picture each box is of, i64 ``[K]``, and the boxes."""

    rows: str
    boxes: str


def grid_boxes(cells: int, scale: float, cell: int) -> Array:
    """The pixels that each of P-Net's ``cells`` × ``cells`` saw, row by row, in the unscaled picture."""
    y, x = (STRIDE * axis.ravel() for axis in np.mgrid[:cells, :cells])
    low = np.stack([x, y], axis=1)
    return np.floor(np.hstack([low + 1, low + cell]) / scale).astype(np.float32)


def survivors(g: GraphBuilder, boxes: Array, scores: str, overlap: float, least: float, most: int) -> str:
    """``scores`` ``[B, 1, N]``, 0 for all that are too low, or that a better box of the picture covers."""
    limits = [g.constant([most], np.int64), g.constant([overlap]), g.constant([least])]
    batch = g.node("Shape", [scores], start=0, end=1)
    shape = g.node("Concat", [batch, g.constant(boxes.shape, np.int64)], axis=0)
    everywhere = g.node("Expand", [g.constant(boxes), shape])
    chosen = g.node("NonMaxSuppression", [everywhere, scores, *limits])
    nothing = g.node("Mul", [scores, g.constant(0.0)])
    return g.node("ScatterND", [nothing, chosen, g.node("GatherND", [scores, chosen])])


def moved(g: GraphBuilder, boxes: str, offsets: str, last_pixel: int) -> str:
    """Each side moved by its offset, in parts of the box; ``last_pixel`` 1: which holds its last pixel."""
    low, high = corners(g, boxes)
    size = g.node("Add", [g.node("Sub", [high, low]), g.constant(float(last_pixel))])
    by = g.node("Mul", [offsets, g.node("Concat", [size, size], axis=1)])
    return g.node("Add", [boxes, by])


def squared(g: GraphBuilder, boxes: str) -> str:
    """Squares around the same middles, as large as the longer side."""
    low, high = corners(g, boxes)
    size = g.node("Sub", [high, low])
    longest = g.node("ReduceMax", [size], axes=[1], keepdims=1)
    growth = g.node("Mul", [g.node("Sub", [size, longest]), g.constant(0.5)])
    begin = g.node("Add", [low, growth])
    return g.node("Concat", [begin, g.node("Add", [begin, longest])], axis=1)


def padded_corners(g: GraphBuilder, boxes: str, side: int) -> str:
    """What of the boxes lies in the picture, from whole pixel to whole pixel, counted from 0."""
    whole = g.node("Cast", [g.node("Cast", [boxes], to=onnx.TensorProto.INT64)], to=onnx.TensorProto.FLOAT)
    low, high = corners(g, whole)
    begin = _between(g, g.node("Sub", [low, g.constant(1.0)]), 0.0, side - 1.0)
    end = g.node("Max", [_between(g, high, 1.0, float(side)), g.node("Add", [begin, g.constant(1.0)])])
    return g.node("Concat", [begin, end], axis=1)


def corners(g: GraphBuilder, boxes: str) -> tuple[str, str]:
    """The first two and the last two numbers of each."""
    return between(g, boxes, 0, 2), between(g, boxes, 2, 4)


def _between(g: GraphBuilder, x: str, low: float, high: float) -> str:
    return g.node("Clip", [x, g.constant(low), g.constant(high)])
