"""Decodes TensorFlow Lite's sparse tensors.

The encoding is TACO's: dimensions are visited in ``TraversalOrder`` and each is either dense (every index is
present) or compressed sparse rows (``segments[i]:segments[i + 1]`` of ``indices`` are present under parent
``i``). Dimensions past the tensor's rank are positions inside blocks; ``BlockMap`` names the tensor
dimension that each of them divides.
"""

import math

import numpy as np
import numpy.typing as npt
import tflite

from ...errors import ImportFailedError
from ..graph import Array

Positions = npt.NDArray[np.int64]

# Far above any model here: a damaged size must not ask for the machine's memory.
_MAX_ELEMENTS = 1 << 26


def densify(values: Array, shape: tuple[int, ...], sparsity: tflite.SparsityParameters) -> Array:
    """Return the dense tensor of ``shape`` whose stored ``values`` are at the coded positions.

    :raises ImportFailedError: when positions and values do not agree.
    """
    _require_plausible(math.prod(shape))
    order = [int(axis) for axis in sparsity.TraversalOrderAsNumpy()]
    positions = _positions(sparsity, len(order))
    if positions.shape[0] > values.size:
        raise ImportFailedError(f"{values.size} stored values for {positions.shape[0]} positions")
    coordinates = np.zeros((positions.shape[0], len(shape)), np.int64)
    for level, axis in enumerate(order):
        if axis < len(shape):
            coordinates[:, axis] += positions[:, level] * _block_size(sparsity, order, axis, len(shape))
        else:
            coordinates[:, sparsity.BlockMap(axis - len(shape))] += positions[:, level]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(coordinates.T)] = values[: positions.shape[0]]
    return dense


def _positions(sparsity: tflite.SparsityParameters, levels: int) -> Positions:
    """Return one row for each stored value, one column for each level of the traversal."""
    rows = np.zeros((1, 0), np.int64)
    for level in range(levels):
        metadata = sparsity.DimMetadata(level)
        if metadata.Format() == tflite.DimensionType.DENSE:
            _require_plausible(rows.shape[0] * metadata.DenseSize())
            counts = np.full(rows.shape[0], metadata.DenseSize(), np.int64)
            column = np.tile(np.arange(metadata.DenseSize()), rows.shape[0])
        else:
            segments = _index_vector(metadata.ArraySegmentsType(), metadata.ArraySegments())
            column = _index_vector(metadata.ArrayIndicesType(), metadata.ArrayIndices())
            counts = np.diff(segments)
            _require_plausible(int(counts.sum()))
        rows = np.column_stack([np.repeat(rows, counts, axis=0), column])
    return rows


def _require_plausible(elements: int) -> None:
    if not 0 <= elements <= _MAX_ELEMENTS:
        raise ImportFailedError(f"a sparse tensor of {elements} elements is not plausible")


def _block_size(sparsity: tflite.SparsityParameters, order: list[int], axis: int, rank: int) -> int:
    """Return how many elements of ``axis`` one block spans; 1 where it is not blocked."""
    for block in range(sparsity.BlockMapLength()):
        if sparsity.BlockMap(block) == axis:
            return int(sparsity.DimMetadata(order.index(rank + block)).DenseSize())
    return 1


def _index_vector(kind: int, table: object) -> Positions:
    vectors = {
        tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
        tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
        tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
    }
    vector = vectors[kind]()
    vector.Init(table.Bytes, table.Pos)  # type: ignore[attr-defined]
    return np.asarray(vector.ValuesAsNumpy(), np.int64)
