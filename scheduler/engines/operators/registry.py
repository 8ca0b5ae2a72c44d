"""Which function computes which ONNX operator: each is registered where it is written."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import torch

Tensor: TypeAlias = torch.Tensor
Compute = Callable[..., Any]


class Node(NamedTuple):
    """What an operator knows besides its inputs.

    ``attributes`` by their names in the specification, texts as ``str``. ``outputs``: how many of its results
    the graph uses. ``device``: where the graph's tensors lie.
    """

    kind: str
    attributes: Mapping[str, Any]
    outputs: int
    device: torch.device


class Operator(NamedTuple):
    """``compute`` takes the node and its inputs, None for one left out, and gives its result or results.

    ``on_host``: places of the inputs that it reads as numbers, such as shapes and axes. They stay in the
    host's memory: reading them from a device would wait for it.
    """

    compute: Compute
    on_host: frozenset[int]


OPERATORS: dict[str, Operator] = {}


def operator(*kinds: str, on_host: tuple[int, ...] = ()) -> Callable[[Compute], Compute]:
    """Compute the operators of these names so."""

    def register(compute: Compute) -> Compute:
        OPERATORS.update(dict.fromkeys(kinds, Operator(compute, frozenset(on_host))))
        return compute

    return register


def numbers(tensor: Tensor) -> list[int]:
    """The integers of a tensor on the host."""
    return [int(number) for number in tensor.reshape(-1).tolist()]
