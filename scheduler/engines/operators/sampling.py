"""Operators that read a picture between its pixels."""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from .registry import Node, Tensor, numbers, operator

GRID_MODES = {
    "linear": "bilinear",
    "bilinear": "bilinear",
    "nearest": "nearest",
    "cubic": "bicubic",
    "bicubic": "bicubic",
}
ROUNDED: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda at: np.ceil(at - 0.5),
    "round_prefer_ceil": lambda at: np.floor(at + 0.5),
}


@operator("GridSample")
def grid_sample(node: Node, x: Tensor, grid: Tensor) -> Tensor:
    """At places that a grid tells in -1..1."""
    mode = GRID_MODES[node.attributes.get("mode", "bilinear")]
    outside = node.attributes.get("padding_mode", "zeros")
    return functional.grid_sample(x, grid, mode, outside, bool(node.attributes.get("align_corners", 0)))


@operator("Resize", on_host=(1, 2, 3))
def resize(
    node: Node,
    x: Tensor,
    _: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
) -> Tensor:
    """By index along each axis: exact for every transformation, as the library's own is not."""
    if sizes is not None and sizes.numel():
        wanted = numbers(sizes)
        factors = [after / before for before, after in zip(x.shape, wanted, strict=True)]
    else:
        assert scales is not None
        factors = scales.tolist()
        wanted = [int(np.floor(length * factor)) for length, factor in zip(x.shape, factors, strict=True)]
    mode = node.attributes.get("mode", "nearest")
    how = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    rounding = node.attributes.get("nearest_mode", "round_prefer_floor")
    for axis in range(x.dim()):
        if wanted[axis] == x.shape[axis] and factors[axis] == 1:
            continue
        line = (x.shape[axis], wanted[axis], factors[axis], how)
        if mode == "nearest":
            x = x.index_select(axis, _nearest(*line, rounding, x.device))
        elif mode == "linear":
            x = _blended(x, axis, *_between(*line, x.device))
        else:
            raise ValueError(f"Resize with mode {mode} is not known")
    return x


def _blended(x: Tensor, axis: int, low: Tensor, high: Tensor, share: Tensor) -> Tensor:
    before, after = x.index_select(axis, low), x.index_select(axis, high)
    return before + (after - before) * share.reshape([-1 if each == axis else 1 for each in range(x.dim())])


# Made once for each length, and kept: a graph that is being captured may copy nothing to the device, and
# reads them whenever it is replayed.
@cache
def _nearest(
    length: int, wanted: int, factor: float, how: str, rounding: str, device: torch.device
) -> Tensor:
    at = ROUNDED[rounding](_positions(length, wanted, factor, how))
    return torch.from_numpy(np.clip(at, 0, length - 1).astype(np.int64)).to(device)


@cache
def _between(
    length: int, wanted: int, factor: float, how: str, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    at = np.clip(_positions(length, wanted, factor, how), 0, length - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, length - 1)
    share = torch.from_numpy((at - low).astype(np.float32))
    return torch.from_numpy(low).to(device), torch.from_numpy(high).to(device), share.to(device)


def _positions(length: int, wanted: int, factor: float, how: str) -> NDArray[np.float32]:
    """Where each wanted element lies among those that there are; f32, to be rounded as ONNX Runtime does."""
    places = np.arange(wanted, dtype=np.float32)
    match how:
        case "asymmetric":
            return places / factor
        case "half_pixel":
            return (places + 0.5) / factor - 0.5
        case "pytorch_half_pixel":
            return (places + 0.5) / factor - 0.5 if wanted > 1 else np.zeros(1, np.float32)
        case "align_corners":
            return places * np.float32(length - 1) / np.float32(max(wanted - 1, 1))
    raise ValueError(f"Resize with coordinate_transformation_mode {how} is not known")
