"""FaceRes: a face as 1024 numbers that lie close together for the same person.

Savchenko, "Efficient Facial Representations for Age, Gender and Identity Recognition in Organizing Photo
Albums using Multi-output ConvNet", PeerJ Computer Science 2019: a MobileNet trained on VGGFace2. Weights from
human-models (Vladimir Mandic, MIT), ``faceres``; its description output. Colours are as its author feeds it
(``HSE_FaceRec_tf``): blue first, the mean of ImageNet's pictures taken away. The crop is ArcFace's
(``regions.py``), twice as large. The embedding is that of the crop plus that of its mirror image, which
cancels much of what a turned head or light from one side does.

Input f32 ``[2B, 224, 224, 3]`` BGR less ``MEAN``, each crop followed by its mirror image. Output f32
``[2B, 1024]``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_EMBEDDER
from ...core import Feeds, Frame, Roi
from ..drift import Drift, Tensors, of_embeddings
from ..outputs import FaceEmbedding, probabilities, unit_rows
from ..pixels import crop
from ..registry import Graph, register

INPUT = "input_1"
SIZE = 224
SPAN = Span(0, 255)
MEAN = 103.939, 116.779, 123.68  # of blue, green and red
# Goes up with whatever changes the numbers: what callers keep from before is not to be compared with them.
VERSION = 2
# The longer a pair's sum is, the more of a face the network has found. Of 660 faces made small, blurred,
# dark, noisy, half covered or coarse 3 % reach the threshold where it is shorter than 14, 47 % from 18 to 20,
# 98 % from 22 on: a logistic function.
EVEN_LENGTH, LENGTH_SCALE = 19.0, 1.5


class FaceRes:
    """The face embedder; one output row is a ``FaceEmbedding`` of 1024 numbers."""

    role = FACE_EMBEDDER
    embedding_size = 1024
    # Cosine. It is reached by 30 of 21,751 pairs of two people (0.35 on average) and by all of 825 of one
    # person (0.90).
    threshold = 0.58

    def __init__(self, name: str) -> None:
        self.name = name
        self.embedding_model = f"{name}_{VERSION}"

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((2 * batch, SIZE, SIZE, 3), 127.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Aligned faces and their mirror images as ``[2B, 224, 224, 3]``."""
        crops = crop(frames, rois, SIZE, SPAN)[..., ::-1]
        pairs = np.stack([crops, crops[:, :, ::-1]], axis=1)
        for channel, mean in enumerate(MEAN):
            pairs[..., channel] -= mean
        return {INPUT: pairs.reshape(-1, SIZE, SIZE, 3)}

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of each face's and each mirror image's embedding."""
        return [of_embeddings(half[0], full[0])]

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[FaceEmbedding]:
        """The unit vector of each pair's sum, and what its length tells."""
        sums = tensors[0].reshape(len(rois), 2, -1).astype(np.float64).sum(axis=1)
        qualities = probabilities((np.linalg.norm(sums, axis=1) - EVEN_LENGTH) / LENGTH_SCALE)
        return [
            FaceEmbedding(row, self.threshold, self.embedding_model, quality)
            for row, quality in zip(unit_rows(sums), qualities.tolist(), strict=True)
        ]


register(Graph(FaceRes), "faceres")
