"""Unpickle what torch.save wrote: plain values and tensors, and nothing that the file could have run.

Every name in a pickle leads to one of the few below or to a stand-in of the caller's; there is no import.
"""

import pickle
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
StandIn = Callable[[str], type | None]
"""A class of ours for a full name in the file; None: what names it is refused."""
Storage = Callable[[str, str, int], Array]
"""The storage of this key: NumPy's name of its type, and how many elements it has."""

# Names of types, not types: a pickle may set the state of whatever it gets hold of, and a text has none.
TYPES: Mapping[str, str] = {
    "torch.DoubleStorage": "<f8",
    "torch.FloatStorage": "<f4",
    "torch.HalfStorage": "<f2",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "<i1",
    "torch.ByteStorage": "<u1",
    "torch.BoolStorage": "<u1",
}


class TensorUnpickler(pickle.Unpickler):
    """Reads one pickle; whatever is wrong with it raises something."""

    def __init__(self, file: IO[bytes], stand_in: StandIn, storage: Storage) -> None:
        super().__init__(file, encoding="utf-8")
        self._stand_in = cache(stand_in)
        self._storage = storage

    def find_class(self, module: str, name: str, /) -> Any:
        """Give what stands for a name."""
        full = f"{module}.{name}"
        known = TYPES.get(full) or KNOWN.get(full) or self._stand_in(full)
        if known is None:
            raise pickle.UnpicklingError(f"a checkpoint may not name {full}")
        return known

    def persistent_load(self, pid: Any, /) -> Array:
        """Give the storage that a tensor lies in."""
        _, kind, key, _device, size, *view = pid
        if any(view):
            raise pickle.UnpicklingError("a storage may not be a part of another")
        return self._storage(key, kind, size)


def _tensor(storage: Array, offset: int, shape: Sequence[int], strides: Sequence[int], *_: object) -> Array:
    """The part of a storage that a tensor is; ``offset`` and ``strides`` count elements."""
    if len(shape) != len(strides) or min((offset, *shape, *strides)) < 0:
        raise pickle.UnpicklingError("a tensor has no such shape")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if 0 not in shape and last >= storage.size:
        raise pickle.UnpicklingError("a tensor is larger than what holds it")
    steps = [stride * storage.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)


def _parameter(tensor: Array, *_: object) -> Array:
    return tensor


KNOWN: Mapping[str, Any] = {
    "__builtin__.set": set,
    "builtins.set": set,
    "collections.Counter": Counter,
    "collections.OrderedDict": OrderedDict,
    "torch.Size": tuple,
    "torch.device": str,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_tensor_v2": _tensor,
}
