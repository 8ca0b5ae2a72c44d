"""What face embedders of 512 numbers have in common: mid-grey to warm up with, unit vectors out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...contract.roles import FACE_EMBEDDER
from ...core import Feeds, Roi
from ..drift import Drift, Tensors, of_embeddings
from ..outputs import FaceEmbedding, unit_rows

INPUT = "images"


class FaceEmbedder512:
    """One output row is a ``FaceEmbedding`` of 512 numbers. ``size``: pixels of the square it looks at.

    ``embedding_model``: what callers keep with an embedding.
    """

    role = FACE_EMBEDDER
    embedding_size = 512
    size: int
    threshold: float

    def __init__(self, name: str) -> None:
        self.name = self.embedding_model = name

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.zeros((batch, self.size, self.size, 3), np.float32)}

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of each embedding."""
        return [of_embeddings(half[0], full[0])]

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[FaceEmbedding]:  # noqa: ARG002
        """The unit vector of each row."""
        return [FaceEmbedding(row, self.threshold, self.embedding_model) for row in unit_rows(tensors[0])]
