"""Where the batch lies in a graph's tensors, and the few sizes in which a device gets it.

A CUDA library prepares each shape that it meets: it searches for an algorithm, or captures a graph. So
batches are filled up with zeros to the next power of two, and the outputs cut.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Feeds

# Of a tensor as the graph declares it: lengths, and names (or nothing) for those that are known at run time.
Shape = Sequence[int | str | None]


class BatchAxes:
    """Of each input and output, the axis along which its items lie; None where it has none.

    The batch is what the first axis of the first input is called. Where exporters gave it no name it is the
    first axis of every tensor whose first length is open.
    """

    def __init__(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> None:
        first = next(iter(inputs.values()), ())
        name = first[0] if first and isinstance(first[0], str) else None
        self.inputs = {each: _axis(shape, name) for each, shape in inputs.items()}
        self.outputs = {each: _axis(shape, name) for each, shape in outputs.items()}

    def rows(self, feeds: Feeds) -> int:
        """How many items a batch has; 1 where the graph takes one at a time."""
        lengths = (feeds[name].shape[axis] for name, axis in self.inputs.items() if axis is not None)
        return next(lengths, 1)

    def padded(self, feeds: Feeds, rows: int) -> Feeds:
        """With zeros after the items, up to so many."""
        return {name: _padded(value, self.inputs[name], rows) for name, value in feeds.items()}

    def cut(self, tensors: Sequence[Any], rows: int) -> list[Any]:
        """Outputs of the first items alone."""
        return [_first(each, axis, rows) for each, axis in zip(tensors, self.outputs.values(), strict=True)]

    def part(self, name: str, value: Any, rows: int) -> Any:
        """Of an input, the first items."""
        return _first(value, self.inputs[name], rows)

    def shape(self, name: str, like: Sequence[int], rows: int) -> tuple[int, ...]:
        """Of an input that looks like this, with so many items."""
        return tuple(rows if axis == self.inputs[name] else length for axis, length in enumerate(like))


def bucket(rows: int) -> int:
    """The size in which a device gets so many items: the next power of two."""
    return 1 << max(rows - 1, 0).bit_length()


def _axis(shape: Shape, name: str | None) -> int | None:
    if name is not None and name in shape:
        return list(shape).index(name)
    return 0 if shape and shape[0] in (None, "") else None


def _padded(value: NDArray[Any], axis: int | None, rows: int) -> NDArray[Any]:
    if axis is None or value.shape[axis] == rows:
        return value
    widths = [(0, rows - value.shape[axis] if each == axis else 0) for each in range(value.ndim)]
    return np.pad(value, widths)


def _first(value: Any, axis: int | None, rows: int) -> Any:
    return value if axis is None else value[(slice(None),) * axis + (slice(rows),)]
