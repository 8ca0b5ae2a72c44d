"""FaceMesh with attention: 478 points on a face, lips, eyes and irises refined.

Kartynnik et al., arXiv 1907.06724 (mesh) and Grishchenko et al., arXiv 2006.10962 (attention); weights and
the tables below from MediaPipe's face_landmark (Apache-2.0; model card "Face Mesh with Attention").

Input f32 ``[B, 192, 192, 3]`` RGB in 0..1, the face upright with a quarter of margin on each side. Outputs
f32 in input pixels: mesh ``468 × (x, y, z)``, lips ``80 × (x, y)``, two eyes ``71 × (x, y)``, two irises
``5 × (x, y)``, and the logit of a face being there.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.picture import Span

from ...contract.roles import FACE_MESH
from ...core import Feeds, Frame, Roi
from ..drift import Drift, Tensors, of_logits, of_places
from ..outputs import Mesh, probabilities
from ..pixels import crop, placing
from ..registry import Graph, register
from .face_geometry import meshes

INPUT = "input_1"
SIZE = 192
MESH_POINTS = 468
POINTS = 478
MOST_OFF, MOST_OFF_EYES = 0.5, 0.25  # pixels of the input, in half precision; of a gaze about a degree
SPAN = Span(0, 1)

# Which mesh points the refining outputs replace, in their order. "Right" and "left" are MediaPipe's names
# turned to the person's own side: its "left eye" is the one at the left of the picture.
LIPS = [
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),  # outer, lower
    *(185, 40, 39, 37, 0, 267, 269, 270, 409),  # outer, upper
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),  # inner, lower
    *(191, 80, 81, 82, 13, 312, 311, 310, 415),  # inner, upper
    *(76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),  # half-way outwards, lower
    *(184, 74, 73, 72, 11, 302, 303, 304, 408),  # half-way outwards, upper
    *(62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),  # half-way inwards, lower
    *(183, 42, 41, 38, 12, 268, 271, 272, 407),  # half-way inwards, upper
]
RIGHT_EYELIDS = [*(33, 7, 163, 144, 145, 153, 154, 155, 133), *(246, 161, 160, 159, 158, 157, 173)]
RIGHT_EYE = [
    *RIGHT_EYELIDS,
    *(130, 25, 110, 24, 23, 22, 26, 112, 243),  # rings around the eye, growing outwards
    *(247, 30, 29, 27, 28, 56, 190),
    *(226, 31, 228, 229, 230, 231, 232, 233, 244),
    *(113, 225, 224, 223, 222, 221, 189),
    *(35, 124, 46, 53, 52, 65),  # eyebrow, lower edge
    *(143, 111, 117, 118, 119, 120, 121, 128, 245),
    *(156, 70, 63, 105, 66, 107, 55, 193),  # eyebrow, upper edge
]
LEFT_EYELIDS = [*(263, 249, 390, 373, 374, 380, 381, 382, 362), *(466, 388, 387, 386, 385, 384, 398)]
LEFT_EYE = [
    *LEFT_EYELIDS,
    *(359, 255, 339, 254, 253, 252, 256, 341, 463),
    *(467, 260, 259, 257, 258, 286, 414),
    *(446, 261, 448, 449, 450, 451, 452, 453, 464),
    *(342, 445, 444, 443, 442, 441, 413),
    *(265, 353, 276, 283, 282, 295),
    *(372, 340, 346, 347, 348, 349, 350, 357, 465),
    *(383, 300, 293, 334, 296, 336, 285, 417),
]
RIGHT_IRIS = list(range(468, 473))
LEFT_IRIS = list(range(473, 478))
IRIS_POINTS = 5

# An iris has no depth of its own; it takes its eyelids' mean.
EYELIDS = np.array([RIGHT_EYELIDS, LEFT_EYELIDS])


def _columns() -> NDArray[np.intp]:
    """Where each point's x, y and z lie among all outputs one after the other: ``[3, 478]``.

    Where two outputs refine the same point, the later one counts.
    """
    columns = np.zeros((POINTS, 3), np.intp)
    columns[:MESH_POINTS] = np.arange(3 * MESH_POINTS).reshape(-1, 3)
    first = 3 * MESH_POINTS
    for refined in (LIPS, RIGHT_EYE, LEFT_EYE, RIGHT_IRIS, LEFT_IRIS):  # in the model's order
        columns[refined, :2] = first + np.arange(2 * len(refined)).reshape(-1, 2)
        first += 2 * len(refined)
    return columns.T.copy()


COLUMNS = _columns()


class FaceMesh:
    """The attention mesh; one output row is a ``Mesh``."""

    role = FACE_MESH

    def __init__(self, name: str) -> None:
        self.name = name

    def example(self, batch: int) -> Feeds:
        """Mid-grey squares."""
        return {INPUT: np.full((batch, SIZE, SIZE, 3), 0.5, np.float32)}

    def prepare(self, frames: Sequence[Frame], rois: Sequence[Roi]) -> Feeds:
        """Regions as ``[B, 192, 192, 3]`` in 0..1."""
        return {INPUT: crop(frames, rois, SIZE, SPAN)}

    def decode(self, tensors: Sequence[NDArray[Any]], rois: Sequence[Roi]) -> list[Mesh]:
        """Join mesh and refinements of each row, in frame pixels, and measure them."""
        *parts, logits = (tensor.reshape(len(rois), -1) for tensor in tensors)
        planes = refine(parts)
        turns, centers = placing(rois)
        planes /= SIZE
        planes[:, :2] = turns @ (planes[:, :2] - 0.5) + centers[..., None]
        planes[:, 2] *= np.array([[roi.size] for roi in rois])
        return meshes(planes.swapaxes(1, 2), probabilities(logits[:, 0]))

    def lit(self, outputs: Sequence[Mesh], light: Sequence[float]) -> list[Mesh]:
        """The same meshes, each with its light."""
        return [mesh._replace(light=each) for mesh, each in zip(outputs, light, strict=True)]

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """Of points and of those around the eyes, in input pixels, and of a face being there."""
        ours, theirs = ([part.reshape(len(part), -1) for part in parts] for parts in (half, full))
        return [
            of_places(np.hstack(ours[:2]), np.hstack(theirs[:2]), MOST_OFF, "points"),
            of_places(np.hstack(ours[2:6]), np.hstack(theirs[2:6]), MOST_OFF_EYES, "eyes"),
            of_logits(ours[6], theirs[6]),
        ]


def refine(parts: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Six flat outputs ``[B, ·]`` to x, y and z of all points ``[B, 3, 478]``, in input pixels."""
    planes = np.concatenate(parts, axis=1, dtype=np.float64)[:, COLUMNS]
    depths = planes[:, 2, EYELIDS].mean(axis=2)
    planes[:, 2, MESH_POINTS:] = depths.repeat(IRIS_POINTS, axis=1)
    return planes


register(Graph(FaceMesh), "facemesh_attention")
