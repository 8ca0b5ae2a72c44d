"""Reads a TensorFlow.js graph model: a JSON description and the weight files beside it.

The format is ``tfjs-converter``'s *graph model*: a frozen TensorFlow GraphDef as JSON, whose integers are
strings and whose strings are base64, and a weights manifest that says how constants follow each other in the
weight files.
"""

import base64
import math
from collections.abc import Mapping

import msgspec
import numpy as np

from ....contract.wording.undecodable import UNDECODABLE
from ...errors import ImportFailedError
from ..graph import Array

_DTYPES: Mapping[str, type[np.generic]] = {
    "float32": np.float32,
    "int32": np.int32,
    "float16": np.float16,
    "uint8": np.uint8,
    "uint16": np.uint16,
}


class _Dimension(msgspec.Struct, frozen=True):
    size: str = "-1"


class _Shape(msgspec.Struct, frozen=True):
    dim: list[_Dimension] = []


class ListValue(msgspec.Struct, frozen=True):
    """A list of integers or of base64 strings."""

    i: list[int] = []
    s: list[str] = []


class Attribute(msgspec.Struct, frozen=True, rename={"items": "list"}):
    """A node's attribute: the one field that is set holds its value."""

    i: int = 0
    b: bool = False
    s: str = ""
    shape: _Shape = _Shape()
    items: ListValue = ListValue()

    @property
    def text(self) -> str:
        """The string."""
        return base64.b64decode(self.s).decode()

    @property
    def integers(self) -> list[int]:
        """The list of integers."""
        return self.items.i

    @property
    def texts(self) -> list[str]:
        """The list of strings."""
        return [base64.b64decode(item).decode() for item in self.items.s]

    @property
    def dimensions(self) -> list[int]:
        """The shape; -1 where a dimension is open."""
        return [int(dimension.size) for dimension in self.shape.dim]


class TfjsNode(
    msgspec.Struct, frozen=True, rename={"inputs": "input", "attributes": "attr", "operator": "op"}
):
    """One node of the graph; ``inputs`` are node names, with ``:n`` for another output than the first."""

    name: str
    operator: str
    inputs: list[str] = []
    attributes: dict[str, Attribute] = {}

    def attribute(self, name: str) -> Attribute:
        """Return an attribute; an absent one has the format's zero values."""
        return self.attributes.get(name, _ABSENT)


_ABSENT = Attribute()


class TfjsGraph(msgspec.Struct, frozen=True):
    """The nodes in their published order, and the constants by node name."""

    nodes: list[TfjsNode]
    constants: dict[str, Array]


class _Quantization(msgspec.Struct, frozen=True):
    dtype: str
    scale: float = 1.0
    min: float = 0.0


class _Weight(msgspec.Struct, frozen=True):
    name: str
    shape: list[int]
    dtype: str
    quantization: _Quantization | None = None


class _WeightGroup(msgspec.Struct, frozen=True):
    paths: list[str]
    weights: list[_Weight]


class _Topology(msgspec.Struct, frozen=True):
    node: list[TfjsNode]


class _ModelFile(msgspec.Struct, frozen=True, rename="camel"):
    model_topology: _Topology
    weights_manifest: list[_WeightGroup]


def read_graph(description: bytes, weight_files: Mapping[str, bytes]) -> TfjsGraph:
    """Read a graph model.

    :param description: the ``model.json``.
    :param weight_files: file name to content, as the manifest inside the description names them.
    :raises ImportFailedError: when the description is not a graph model or a weight file is missing or too
        short.
    """
    try:
        model = msgspec.json.decode(description, type=_ModelFile, strict=False)
    except UNDECODABLE as error:
        raise ImportFailedError(f"not a TensorFlow.js graph model: {error}") from error
    constants: dict[str, Array] = {}
    for group in model.weights_manifest:
        if missing := [path for path in group.paths if path not in weight_files]:
            raise ImportFailedError(f"the model's weight files {missing} are missing")
        constants.update(_decode(group, b"".join(weight_files[path] for path in group.paths)))
    return TfjsGraph(model.model_topology.node, constants)


def _decode(group: _WeightGroup, content: bytes) -> dict[str, Array]:
    constants: dict[str, Array] = {}
    offset = 0
    for weight in group.weights:
        dtype = np.dtype(_stored_dtype(weight))
        count = math.prod(weight.shape)
        if min(weight.shape, default=0) < 0 or offset + count * dtype.itemsize > len(content):
            raise ImportFailedError(f"the weights end before {weight.name} {weight.shape}")
        stored = np.frombuffer(content, dtype, count, offset).reshape(weight.shape)
        constants[weight.name] = _dequantize(stored, weight.quantization)
        offset += count * dtype.itemsize
    return constants


def _stored_dtype(weight: _Weight) -> type[np.generic]:
    name = weight.quantization.dtype if weight.quantization else weight.dtype
    if name not in _DTYPES:
        raise ImportFailedError(f"weights of type {name} are not supported")
    return _DTYPES[name]


def _dequantize(stored: Array, quantization: _Quantization | None) -> Array:
    if quantization is None:
        return stored
    return stored.astype(np.float32) * np.float32(quantization.scale) + np.float32(quantization.min)
