"""ArcFace: a face as 512 numbers that lie close together for the same person.

Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019 (arXiv 1801.07698);
trained on WebFace600K, weights of InsightFace's packs buffalo_l (``w600k_r50``, ResNet-50) and buffalo_s
(``w600k_mbf``, MobileFaceNet), for non-commercial research only.

Input f32 ``[B, 112, 112, 3]`` RGB in −1..1, aligned by the template of ``regions.py``, black beyond the
picture. Output f32 ``[B, 512]``, to be scaled to length 1.
"""

from collections.abc import Sequence

from argusd.kernels.pictures.picture import Span

from ...core import Feeds, Frame, Roi
from ..pixels import crop
from ..registry import Graph, register
from .face_embedding import INPUT, FaceEmbedder512

SIZE = 112
SPAN = Span(-1, 1)
# Not measured on recordings yet. DeepFace's verification.py asks of Buffalo_L a cosine distance below 0.55;
# InsightFace's own demonstration (web-demos, rec: sim ≥ 0.28) is laxer than an identity check should be.
# MobileFaceNet has no published one of its own; trained alike, it gets the same.
THRESHOLD = 0.45


class ArcFace(FaceEmbedder512):
    """The face embedder of either size; one output row is a ``FaceEmbedding`` of 512 numbers."""

    size = SIZE
    threshold = THRESHOLD

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Aligned faces as ``[B, 112, 112, 3]`` in −1..1."""
        return {INPUT: crop(frames, rois, SIZE, SPAN)}


register(Graph(ArcFace), "arcface_r50", "arcface_mbf")
