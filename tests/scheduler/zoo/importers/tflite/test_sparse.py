from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite
from ai_edge_litert import schema_py_generated as schema

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.tflite.sparse import densify

# The example of the TFLite schema, rows compressed:
#   A 0 B 0
#   0 0 0 C
#   0 0 D E
ROWS = (3, [0, 2, 3, 5], [0, 2, 3, 2, 3])
DENSE = [[1, 0, 2, 0], [0, 0, 0, 3], [0, 0, 4, 5]]


def dense(size: int) -> Any:
    metadata = schema.DimensionMetadataT()
    metadata.format, metadata.denseSize = schema.DimensionType.DENSE, size
    return metadata


def compressed(segments: list[int], indices: list[int]) -> Any:
    metadata = schema.DimensionMetadataT()
    metadata.format = schema.DimensionType.SPARSE_CSR
    metadata.arraySegmentsType = metadata.arrayIndicesType = schema.SparseIndexVector.Uint8Vector
    metadata.arraySegments, metadata.arrayIndices = schema.Uint8VectorT(), schema.Uint8VectorT()
    metadata.arraySegments.values, metadata.arrayIndices.values = segments, indices
    return metadata


def parameters(order: list[int], levels: list[Any], blocks: list[int] | None = None) -> Any:
    sparsity = schema.SparsityParametersT()
    sparsity.traversalOrder, sparsity.dimMetadata, sparsity.blockMap = order, levels, blocks
    builder = flatbuffers.Builder()
    builder.Finish(sparsity.Pack(builder))
    return tflite.SparsityParameters.GetRootAs(bytes(builder.Output()), 0)


def test_compressed_rows() -> None:
    rows, segments, indices = ROWS
    sparsity = parameters([0, 1], [dense(rows), compressed(segments, indices)])

    found = densify(np.arange(1.0, 6.0), (3, 4), sparsity)

    np.testing.assert_array_equal(found, DENSE)


def test_compressed_columns() -> None:
    sparsity = parameters([1, 0], [dense(4), compressed([0, 1, 1, 3, 5], [0, 0, 2, 1, 2])])

    found = densify(np.array([1.0, 2, 4, 3, 5]), (3, 4), sparsity)

    np.testing.assert_array_equal(found, DENSE)


def test_compressed_rows_of_blocks() -> None:
    # Blocks of 2 x 2 in a 4 x 4 tensor: one at the top right, one at the bottom left.
    sparsity = parameters(
        [0, 1, 2, 3], [dense(2), compressed([0, 1, 2], [1, 0]), dense(2), dense(2)], blocks=[0, 1]
    )

    found = densify(np.arange(1.0, 9.0), (4, 4), sparsity)

    np.testing.assert_array_equal(found, [[0, 0, 1, 2], [0, 0, 3, 4], [5, 6, 0, 0], [7, 8, 0, 0]])


def test_fewer_values_than_positions_are_refused() -> None:
    rows, segments, indices = ROWS
    sparsity = parameters([0, 1], [dense(rows), compressed(segments, indices)])

    with pytest.raises(ImportFailedError, match="4 stored values for 5 positions"):
        densify(np.ones(4), (3, 4), sparsity)


@pytest.mark.parametrize("size", [1 << 30, -1])
def test_a_size_that_would_take_all_memory_is_refused(size: int) -> None:
    with pytest.raises(ImportFailedError, match="not plausible"):
        densify(np.ones(1), (4, 4), parameters([0, 1], [dense(size), dense(4)]))
    with pytest.raises(ImportFailedError, match="not plausible"):
        densify(np.ones(1), (4, size), parameters([0, 1], [dense(4), dense(4)]))
