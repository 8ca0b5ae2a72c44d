"""Reads a TensorFlow Lite flatbuffer into plain structures, with every constant decoded.

The format is ``tensorflow/compiler/mlir/lite/schema/schema.fbs``. FlatBuffers has no verifier in Python, so
a damaged file can fail anywhere and with many exceptions, which ``damage.py`` turns into one
ImportFailedError.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import tflite
from flatbuffers.table import Table

from ...errors import ImportFailedError
from ..graph import Array
from .sparse import densify

_FILE_IDENTIFIER = b"TFL3"
_OPERATOR_NAMES: Mapping[int, str] = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if not name.startswith("_")
}
_DTYPES: Mapping[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}


class TfliteTensor(msgspec.Struct, frozen=True):
    """A tensor: its name, its shape with the batch axis, and its data when it is a constant."""

    name: str
    shape: tuple[int, ...]
    data: Array | None


class TfliteOperator(msgspec.Struct, frozen=True):
    """An operator: its name, tensor indices (-1 is an absent input), and the table of its options, if any."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    custom_options: bytes


class TfliteGraph(msgspec.Struct, frozen=True):
    """The first subgraph of a model."""

    tensors: Sequence[TfliteTensor]
    operators: Sequence[TfliteOperator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_model(content: bytes) -> TfliteGraph:
    """Read the first subgraph of a model file.

    :raises ImportFailedError: when it is no model file or a constant has a type that is not supported;
        damage further in raises what ``damage.py`` lists.
    """
    if content[4:8] != _FILE_IDENTIFIER:
        raise ImportFailedError("not a TensorFlow Lite model: the file identifier is missing")
    return _graph(tflite.Model.GetRootAs(content, 0), len(content))


def _graph(model: tflite.Model, file_size: int) -> TfliteGraph:
    subgraph = model.Subgraphs(0)
    return TfliteGraph(
        tensors=[
            _tensor(model, subgraph.Tensors(index)) for index in _indices(subgraph.TensorsLength(), file_size)
        ],
        operators=[
            _operator(model, subgraph.Operators(index))
            for index in _indices(subgraph.OperatorsLength(), file_size)
        ],
        inputs=_integers(subgraph.InputsAsNumpy()),
        outputs=_integers(subgraph.OutputsAsNumpy()),
    )


def _indices(length: int, file_size: int) -> range:
    # A table takes at least four bytes; a longer vector is damage that would loop for hours.
    if length > file_size // 4:
        raise ValueError(f"a vector of {length} tables does not fit the file")
    return range(length)


def _tensor(model: tflite.Model, tensor: tflite.Tensor) -> TfliteTensor:
    shape = _integers(tensor.ShapeAsNumpy())
    content = model.Buffers(tensor.Buffer()).DataAsNumpy()
    data = None
    if not isinstance(content, int) and content.size:
        data = _constant(tensor, shape, content)
    return TfliteTensor(tensor.Name().decode(), shape, data)


def _constant(tensor: tflite.Tensor, shape: tuple[int, ...], content: Array) -> Array:
    if tensor.Type() not in _DTYPES:
        raise ImportFailedError(f"constants of TensorFlow Lite type {tensor.Type()} are not supported")
    values: Array = content.view(_DTYPES[tensor.Type()])
    sparsity = tensor.Sparsity()
    return values.reshape(shape) if sparsity is None else densify(values, shape, sparsity)


def _operator(model: tflite.Model, operator: tflite.Operator) -> TfliteOperator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Codes above 127 are in the newer, wider field; the older one then holds a placeholder.
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    custom = builtin == tflite.BuiltinOperator.CUSTOM
    return TfliteOperator(
        name=code.CustomCode().decode() if custom else _OPERATOR_NAMES[builtin],
        inputs=_integers(operator.InputsAsNumpy()),
        outputs=_integers(operator.OutputsAsNumpy()),
        options=operator.BuiltinOptions(),
        custom_options=operator.CustomOptionsAsNumpy().tobytes() if operator.CustomOptionsLength() else b"",
    )


def _integers(vector: Array | int) -> tuple[int, ...]:
    # The generated code gives 0 in place of an empty or absent vector.
    return () if isinstance(vector, int) else tuple(int(value) for value in vector)
