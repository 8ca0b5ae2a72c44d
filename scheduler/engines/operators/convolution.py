"""Operators whose every element sees a neighbourhood: convolutions and pools."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional

from .registry import Node, Tensor, operator

Pads = list[tuple[int, int]]


class Neighbourhood(NamedTuple):
    """How far a kernel reaches, by axis. ``pads``: elements before and after."""

    kernel: Sequence[int]
    strides: Sequence[int]
    dilations: Sequence[int]
    pads: Pads

    @property
    def even(self) -> list[int] | None:
        """Pads that are the same before and after, as the library takes them itself."""
        before = [low for low, high in self.pads if low == high]
        return before if len(before) == len(self.pads) else None

    def padded(self, x: Tensor, value: float) -> Tensor:
        """With these elements around it."""
        flat = [length for pair in reversed(self.pads) for length in pair]
        return functional.pad(x, flat, value=value) if any(flat) else x


def neighbourhood(node: Node, lengths: Sequence[int], kernel: Sequence[int]) -> Neighbourhood:
    """That of a node, over axes of these lengths."""
    ones = [1] * len(kernel)
    strides = node.attributes.get("strides", ones)
    dilations = node.attributes.get("dilations", ones)
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto.startswith("SAME"):
        sides = zip(lengths, kernel, strides, dilations, strict=True)
        pads = [_same(*side, more_after=auto == "SAME_UPPER") for side in sides]
    else:
        given = node.attributes.get("pads", [0, 0] * len(kernel))
        pads = list(zip(given[: len(kernel)], given[len(kernel) :], strict=True))
    return Neighbourhood(kernel, strides, dilations, pads)


def _same(length: int, kernel: int, stride: int, dilation: int, *, more_after: bool) -> tuple[int, int]:
    """Pads so that there is one result for each stride."""
    results = -(-length // stride)
    total = max((results - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
    less = total // 2
    return (less, total - less) if more_after else (total - less, less)


@operator("Conv")
def conv(node: Node, x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """Over one or two dimensions."""
    area = neighbourhood(node, x.shape[2:], weights.shape[2:])
    convolve = functional.conv1d if weights.dim() == 3 else functional.conv2d
    pads, group = area.even, node.attributes.get("group", 1)
    if pads is None:
        x, pads = area.padded(x, 0.0), [0] * len(area.kernel)
    return convolve(x, weights, bias, tuple(area.strides), tuple(pads), tuple(area.dilations), group)


@operator("MaxPool")
def max_pool(node: Node, x: Tensor) -> Tensor:
    """The largest of each neighbourhood."""
    area = neighbourhood(node, x.shape[2:], node.attributes["kernel_shape"])
    pool = functional.max_pool1d if len(area.kernel) == 1 else functional.max_pool2d
    ceil = bool(node.attributes.get("ceil_mode", 0))
    return pool(
        area.padded(x, float("-inf")), tuple(area.kernel), tuple(area.strides), 0, tuple(area.dilations), ceil
    )


@operator("AveragePool")
def average_pool(node: Node, x: Tensor) -> Tensor:
    """The mean of each neighbourhood; what is around the picture counts only if asked."""
    area = neighbourhood(node, x.shape[2:], node.attributes["kernel_shape"])
    pool = functional.avg_pool1d if len(area.kernel) == 1 else functional.avg_pool2d
    ceil, counted = (
        bool(node.attributes.get("ceil_mode", 0)),
        bool(node.attributes.get("count_include_pad", 0)),
    )
    sums = pool(area.padded(x, 0.0), tuple(area.kernel), tuple(area.strides), 0, ceil)
    if counted or not any(low or high for low, high in area.pads):
        return sums
    inside = area.padded(torch.ones_like(x[:1, :1]), 0.0)
    return sums / pool(inside, tuple(area.kernel), tuple(area.strides), 0, ceil)


@operator("ConvTranspose")
def conv_transpose(node: Node, x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """The transpose of a convolution with pads that are the same before and after."""
    area = neighbourhood(node, x.shape[2:], weights.shape[2:])
    if area.even is None or node.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        raise ValueError("ConvTranspose with uneven pads is not known")
    convolve = functional.conv_transpose1d if weights.dim() == 3 else functional.conv_transpose2d
    more = tuple(node.attributes.get("output_padding", [0] * len(area.kernel)))
    group = node.attributes.get("group", 1)
    return convolve(
        x, weights, bias, tuple(area.strides), tuple(area.even), more, group, tuple(area.dilations)
    )
