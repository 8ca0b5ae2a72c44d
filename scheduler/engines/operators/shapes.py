"""Operators that move elements and compute none."""

from typing import Any

import torch
from onnx import TensorProto, numpy_helper
from torch.nn import functional

from .registry import Node, Tensor, numbers, operator

TYPES = {
    TensorProto.FLOAT: torch.float32,
    TensorProto.UINT8: torch.uint8,
    TensorProto.INT32: torch.int32,
    TensorProto.INT64: torch.int64,
    TensorProto.BOOL: torch.bool,
    TensorProto.FLOAT16: torch.float16,
    TensorProto.DOUBLE: torch.float64,
}


@operator("Shape")
def shape(_: Node, x: Tensor) -> Tensor:
    """On the host, where shapes are read."""
    return torch.tensor(list(x.shape), dtype=torch.int64)


@operator("Size")
def size(_: Node, x: Tensor) -> Tensor:
    """How many elements there are."""
    return torch.tensor(x.numel(), dtype=torch.int64)


@operator("Cast")
def cast(node: Node, x: Tensor) -> Tensor:
    """To another type of number."""
    return x.to(TYPES[node.attributes["to"]])


@operator("ConstantOfShape", on_host=(0,))
def constant_of_shape(node: Node, dimensions: Tensor) -> Tensor:
    """Zeros, or another value everywhere. Integers are made for shapes, so they stay on the host."""
    given: Any = node.attributes.get("value")
    value = torch.zeros(1) if given is None else torch.from_numpy(numpy_helper.to_array(given).copy())
    device = node.device if value.is_floating_point() else "cpu"
    return torch.full(numbers(dimensions), value.item(), dtype=value.dtype, device=device)


@operator("Transpose")
def transpose(node: Node, x: Tensor) -> Tensor:
    """Axes in another order, by default the reverse."""
    return x.permute(node.attributes.get("perm", tuple(reversed(range(x.dim())))))


@operator("Concat")
def concat(node: Node, *inputs: Tensor) -> Tensor:
    """One after the other along an axis."""
    return torch.cat(inputs, node.attributes["axis"])


@operator("Split", on_host=(1,))
def split(node: Node, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, ...]:
    """Pieces along an axis, of given lengths or of equal ones."""
    axis = node.attributes.get("axis", 0)
    if lengths is not None:
        return tuple(torch.split(x, numbers(lengths), axis))
    if "split" in node.attributes:
        return tuple(torch.split(x, list(node.attributes["split"]), axis))
    return tuple(torch.split(x, -(-x.shape[axis] // node.outputs), axis))


@operator("Reshape", on_host=(1,))
def reshape(node: Node, x: Tensor, dimensions: Tensor) -> Tensor:
    """0 keeps the dimension at its place, unless ``allowzero``; -1 is what is left."""
    wanted = numbers(dimensions)
    if not node.attributes.get("allowzero"):
        wanted = [x.shape[axis] if length == 0 else length for axis, length in enumerate(wanted)]
    return x.reshape(wanted)


@operator("Flatten")
def flatten(node: Node, x: Tensor) -> Tensor:
    """Two dimensions: all before an axis, and all from it on."""
    axis = node.attributes.get("axis", 1)
    rows = 1
    for length in x.shape[:axis]:
        rows *= length
    return x.reshape(rows, -1)


@operator("Squeeze", on_host=(1,))
def squeeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Without axes of one element: the given ones, or all."""
    given = node.attributes.get("axes") if axes is None else numbers(axes)
    return x.squeeze() if given is None else x.squeeze(tuple(given))


@operator("Unsqueeze", on_host=(1,))
def unsqueeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    """With axes of one element at these places of the result."""
    given = node.attributes["axes"] if axes is None else numbers(axes)
    rank = x.dim() + len(given)
    for axis in sorted(axis % rank for axis in given):
        x = x.unsqueeze(axis)
    return x


@operator("Expand", on_host=(1,))
def expand(_: Node, x: Tensor, dimensions: Tensor) -> Tensor:
    """Repeated along axes of one element."""
    return x.expand(torch.broadcast_shapes(x.shape, tuple(numbers(dimensions))))


@operator("Tile", on_host=(1,))
def tile(_: Node, x: Tensor, repeats: Tensor) -> Tensor:
    """Repeated along each axis."""
    return x.repeat(numbers(repeats))


@operator("Slice", on_host=(1, 2, 3, 4))
def slice_(
    _: Node,
    x: Tensor,
    starts: Tensor,
    ends: Tensor,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Tensor:
    """A part along some axes. Steps may go backwards."""
    first, last = numbers(starts), numbers(ends)
    along = list(range(len(first))) if axes is None else numbers(axes)
    strides = [1] * len(first) if steps is None else numbers(steps)
    for start, end, axis, step in zip(first, last, along, strides, strict=True):
        places = range(x.shape[axis])[start:end:step]
        if step > 0:
            x = _part(x, axis, slice(places.start, places.stop, step))
        else:
            x = _part(x, axis, slice(places[-1], places[0] + 1, -step) if places else slice(0)).flip(axis)
    return x


def _part(x: Tensor, axis: int, part: slice) -> Tensor:
    return x[(slice(None),) * (axis % x.dim()) + (part,)]


@operator("Gather")
def gather(node: Node, x: Tensor, index: Tensor) -> Tensor:
    """What is at these places of an axis; negative ones count from its end."""
    axis = node.attributes.get("axis", 0) % x.dim()
    if index.dim() == 0 and index.device.type == "cpu":
        return x.select(axis, int(index))
    places = index.reshape(-1).to(x.device, torch.int64)
    places = torch.where(places < 0, places + x.shape[axis], places)
    picked = x.index_select(axis, places)
    return picked.reshape(*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])


@operator("GatherElements")
def gather_elements(node: Node, x: Tensor, index: Tensor) -> Tensor:
    """For each element of the index, what is at that place of an axis."""
    axis = node.attributes.get("axis", 0)
    places = index.to(x.device, torch.int64)
    return torch.gather(x, axis, torch.where(places < 0, places + x.shape[axis], places))


@operator("Pad", on_host=(1, 2, 3))
def pad(
    node: Node, x: Tensor, pads: Tensor, value: Tensor | None = None, axes: Tensor | None = None
) -> Tensor:
    """Elements before and after along axes: one value, mirrored, or the edge's."""
    lengths = numbers(pads)
    along = list(range(x.dim())) if axes is None else [axis % x.dim() for axis in numbers(axes)]
    half = len(lengths) // 2
    by_axis = dict(zip(along, zip(lengths[:half], lengths[half:], strict=True), strict=True))
    padded = [axis for axis, (before, after) in by_axis.items() if before or after]
    if not padded:
        return x
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}[
        node.attributes.get("mode", "constant")
    ]
    # The library's list begins with the last axis. It mirrors at the last ones alone: others are moved there.
    first = min(padded) if mode == "constant" else x.dim() - len(padded)
    order = range(first, x.dim())
    if mode != "constant":
        x = x.movedim(padded, tuple(order))
    widths = (
        [by_axis.get(axis, (0, 0)) for axis in order]
        if mode == "constant"
        else [by_axis[axis] for axis in padded]
    )
    flat = [width for pair in reversed(widths) for width in pair]
    if mode == "constant":
        return functional.pad(x, flat, value=0.0 if value is None else value.item())
    extended = functional.pad(x.reshape(1, -1, *x.shape[first:]), flat, mode=mode)
    return extended.reshape(*x.shape[:first], *extended.shape[2:]).movedim(tuple(order), padded)


@operator("DepthToSpace")
def depth_to_space(node: Node, x: Tensor) -> Tensor:
    """Channels become pixels, in either order."""
    block = node.attributes["blocksize"]
    if node.attributes.get("mode", "DCR") == "CRD":
        return functional.pixel_shuffle(x, block)
    batch, channels, height, width = x.shape
    kept = channels // block**2
    blocks = x.reshape(batch, block, block, kept, height, width).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(batch, kept, height * block, width * block)
