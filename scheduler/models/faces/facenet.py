"""FaceNet: a face as 512 numbers that lie close together for the same person.

Schroff et al., "FaceNet: A Unified Embedding for Face Recognition and Clustering", CVPR 2015 (arXiv
1503.03832), an Inception-ResNet-v1 that David Sandberg trained on VGGFace2 (20180402-114759), weights of
facenet-pytorch (MIT).

It was trained on MTCNN's boxes, squeezed to a square, not on aligned faces: ``BOX`` is where such a box lies
in ArcFace's crop, the median of sixteen faces in the tests' pictures. The crop is as high as the box; its
middle part, as wide as the box, is widened to a square.

Input f32 ``[B, 160, 160, 3]`` RGB, (x − 127.5) / 128. Output f32 ``[B, 512]``, to be scaled to length 1.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from argusd.kernels.pictures.picture import Span

from ...core import Feeds, Frame, Roi
from ..outputs import Box
from ..pixels import crop_on_host, to_frames
from ..registry import Graph, register
from .face_embedding import INPUT, FaceEmbedder512

SIZE = 160
SPAN = Span(-127.5 / 128, 127.5 / 128)
BOX = Box(0.145, 0.105, 0.855, 1.065)  # in 0..1 of ArcFace's crop
# Not measured on recordings yet. DeepFace's verification.py asks of the same weights (Facenet512) a cosine
# distance below 0.30.
THRESHOLD = 0.70


class FaceNet(FaceEmbedder512):
    """The face embedder; one output row is a ``FaceEmbedding`` of 512 numbers."""

    size = SIZE
    threshold = THRESHOLD

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Faces as ``[B, 160, 160, 3]``, squeezed as MTCNN's boxes are."""
        width, height = BOX.right - BOX.left, BOX.bottom - BOX.top
        high = round(SIZE * height / width)
        begin = (high - SIZE) // 2
        crops = crop_on_host(frames, [mtcnn_region(roi) for roi in rois], high, SPAN)
        narrow = crops[:, :, begin : begin + SIZE]
        squeezed = [cv2.resize(each, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for each in narrow]
        return {INPUT: np.stack(squeezed).astype(np.float32, copy=False)}


def mtcnn_region(aligned: Roi) -> Roi:
    """The square as high as the box that MTCNN would draw, around its middle, for ArcFace's crop."""
    middle = np.array([[[BOX.left + BOX.right, BOX.top + BOX.bottom]]]) / 2
    (((x, y),),) = to_frames(middle, [aligned]).tolist()
    return Roi(x, y, aligned.size * (BOX.bottom - BOX.top), aligned.angle)


register(Graph(FaceNet), "facenet_vggface2")
