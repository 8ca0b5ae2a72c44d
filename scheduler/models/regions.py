"""Where the models of faces look, given what was seen of a face or of none.

ArcFace's template (InsightFace, ``face_align.py``, MIT) has the eyes, the nose tip and the mouth's corners
in a crop of 112 pixels, counted from the middle of the first one; detectors that give the mouth's middle are
aligned by that instead. Every embedder is shown that crop; one that was trained on another widens or moves it
by itself.
"""

from itertools import product
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.align import align

from ..core import Roi
from .outputs import Box

SURE = 0.85  # a face's score; what scores less is looked at again, closer, before it counts
MESH_MARGIN = 1.5
FURTHER = 1.5  # times the whole frame: a face that fills the frame is not found in it, but from further back
CLOSER = 4.5  # times a face: detectors find it best where it is a fifth to a quarter of what they see
SHARED = 1 / 3  # of a tile, at least, with the next one: a face up to so large is whole in one of them
MIN_PRESENCE = 0.5  # of a mesh; below it the region held no face
ARCFACE_SIZE = 112
# In the picture from left to right: the person's right eye, left eye, nose tip, right and left mouth corner.
ARCFACE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
CORNERS = (ARCFACE_112 + 0.5) / ARCFACE_SIZE
"""f64 ``[5, 2]`` in 0..1 of the crop."""
MIDDLE = np.vstack([CORNERS[:3], CORNERS[3:].mean(axis=0)])
"""f64 ``[4, 2]``: the same with the middle of the mouth."""


def face_region(keypoints: NDArray[np.float64]) -> Roi:
    """The region that shows a face as the template has it; ``keypoints`` as in ``Face``."""
    return Roi(*align(keypoints, CORNERS if len(keypoints) == len(CORNERS) else MIDDLE))


def mesh_region(box: Box, tilt: float) -> Roi:
    """Where the mesh looks at a face, as in MediaPipe: half as large again as the face, the eyes level.

    ``tilt``: how far they are turned clockwise, in radians.
    """
    return Roi(*box.middle, MESH_MARGIN * box.longer_side, tilt)


def lip_region(face: Box) -> Roi:
    """Where ``lip_crops`` look at a face: a region as high as the face is."""
    return Roi(*face.middle, face.bottom - face.top)


def closer_region(face: Box) -> Roi:
    """Where a detector looks that is to tell whether this is a face at all."""
    return Roi(*face.middle, CLOSER * face.longer_side)


def further_region(width: int, height: int) -> Roi:
    """A frame, seen from further back."""
    return Roi(width / 2, height / 2, FURTHER * max(width, height))


def turned_regions(width: int, height: int) -> list[Roi]:
    """A frame that was taken with its right, its lower, or its left side up."""
    return [Roi(width / 2, height / 2, float(max(width, height)), turn * pi / 2) for turn in (1, 2, 3)]


def tiles(width: int, height: int, part: float, shared: float = SHARED) -> list[Roi]:
    """Squares that cover a frame, ``part`` of its longer side each; the next one begins before one ends.

    ``shared``: how much of a square is in the next one as well.
    """
    side = part * max(width, height)
    return [
        Roi(x, y, side) for y, x in product(*(_middles(length, side, shared) for length in (height, width)))
    ]


def _middles(length: int, side: float, shared: float) -> list[float]:
    if length <= side:
        return [length / 2]
    steps = ceil((length - side) / (side * (1 - shared)) - 1e-9) + 1
    return [float(middle) for middle in np.linspace(side / 2, length - side / 2, steps)]


def same_face(one: Box, other: Box) -> bool:
    """Whether two boxes are one face's, as looks from near and far draw them: one has the other's middle."""
    small, large = sorted((one, other), key=lambda box: box.area)
    return large.holds(*small.middle)
