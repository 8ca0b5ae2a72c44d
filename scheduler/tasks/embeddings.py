"""Embeddings as they travel: little-endian float32 of length 1, compared by the cosine of their angle."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import EmbeddingSize

Embedding = NDArray[np.float32]

_WIRE = np.dtype("<f4")


def unit(vector: NDArray[np.float32]) -> Embedding:
    """Scale to length 1; zeros stay zeros."""
    return (vector / max(float(np.linalg.norm(vector)), float(np.finfo(np.float32).tiny))).astype(np.float32)


def centre(embeddings: Sequence[Embedding]) -> Embedding:
    """The direction that several embeddings of one person have in common."""
    return unit(np.mean(embeddings, axis=0))


def to_wire(embedding: Embedding) -> bytes:
    """Bytes for a caller to keep."""
    return embedding.astype(_WIRE).tobytes()


def from_wire(data: bytes, size: int) -> Embedding:
    """A caller's reference embedding of ``size`` numbers, scaled to length 1.

    Raises:
        EmbeddingSize: it has another size, or is no embedding at all (zeros, not numbers).
    """
    if len(data) != size * _WIRE.itemsize:
        raise EmbeddingSize(
            f"The reference embedding has {len(data)} bytes; this model's have {size * _WIRE.itemsize}."
        )
    vector = np.frombuffer(data, _WIRE).astype(np.float32)
    length = np.linalg.norm(vector.astype(np.float64))
    if not np.isfinite(length) or length == 0:
        raise EmbeddingSize("The reference embedding holds no direction.")
    return (vector / length).astype(np.float32)


def cosine(one: Embedding, other: Embedding) -> float:
    """How alike two embeddings of length 1 are: 1 the same, 0 or below nothing in common."""
    return float(one @ other)
