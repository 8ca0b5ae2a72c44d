"""Embeddings as they travel (little-endian float32), and what two of them say."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .contract.errors import EmbeddingModel, EmbeddingSize

Embedding = NDArray[np.float32]

WIRE = np.dtype("<f4")


def unit(vector: NDArray[np.floating]) -> Embedding:
    """Scale to length 1; zeros stay zeros."""
    return (vector / max(float(np.linalg.norm(vector)), float(np.finfo(np.float32).tiny))).astype(np.float32)


def centre(embeddings: Sequence[Embedding]) -> Embedding:
    """The direction that several embeddings of one person have in common."""
    return unit(np.mean(embeddings, axis=0))


def to_wire(embedding: Embedding) -> bytes:
    """The bytes for a caller to keep."""
    return embedding.astype(WIRE).tobytes()


def from_wire(data: bytes, size: int, model: str, made_by: str | None = None) -> Embedding:
    """A caller's reference embedding of ``size`` numbers by ``model``, scaled to length 1.

    Args:
        made_by: the model that the caller says it is by. Several models make as many numbers; without a
            word from the caller they cannot be told apart.

    Raises:
        EmbeddingModel: it is by another model.
        EmbeddingSize: it has another size, or is no embedding at all (zeros, not numbers).
    """
    if made_by not in (None, model):
        raise EmbeddingModel(
            f"The reference embedding was made by {made_by}, and this server compares embeddings by {model}: "
            "enrol again, or configure that model."
        )
    if len(data) != size * WIRE.itemsize:
        raise EmbeddingSize(
            f"The field reference_embedding_b64 must hold the {size} float32 numbers ({size * WIRE.itemsize} "
            f"bytes) of an embedding by {model}; it holds {len(data)} bytes."
        )
    vector = np.frombuffer(data, WIRE).astype(np.float64)
    length = float(np.linalg.norm(vector)) if np.isfinite(vector).all() else 0.0
    if not length:
        raise EmbeddingSize("The field reference_embedding_b64 holds numbers that are no embedding.")
    return unit(vector)


def cosine(one: Embedding, other: Embedding) -> float:
    """How alike two embeddings of length 1 are: 1 the same, 0 or below nothing in common."""
    return float(one @ other)


class Verdict(NamedTuple):
    """Whether two embeddings are one person's; score, confidence and threshold in 0..1."""

    match: bool
    score: float
    confidence: float
    threshold: float


def verdict(one: Embedding, other: Embedding, threshold: float) -> Verdict:
    """What two embeddings of length 1 say.

    The score is their cosine, 0 where it is negative. The confidence is in the verdict, whichever it is:
    ½ at the threshold, 1 where the score could not lie further from it.
    """
    score = min(1.0, max(0.0, cosine(one, other)))
    match = score >= threshold
    farthest = (1 - threshold) if match else threshold
    beyond = abs(score - threshold) / farthest if farthest else 1.0
    return Verdict(match, round(score, 4), round(0.5 + 0.5 * beyond, 4), threshold)
