"""Where the models of faces look, given what was seen of a face.

ArcFace's template (InsightFace, ``face_align.py``, MIT) has the eyes, the nose tip and the mouth's corners
in a crop of 112 pixels, counted from the middle of the first one; detectors that give the mouth's middle are
aligned by that instead. Every embedder is shown that crop; one that was trained on another widens or moves it
by itself.
"""

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.align import align

from ..core import Roi
from .outputs import Box

MESH_MARGIN = 1.5
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
    left, top, right, bottom = box
    return Roi((left + right) / 2, (top + bottom) / 2, MESH_MARGIN * max(right - left, bottom - top), tilt)


def lip_region(face: Box) -> Roi:
    """Where ``lip_crops`` look at a face: a region as high as the face is."""
    return Roi((face.left + face.right) / 2, (face.top + face.bottom) / 2, face.bottom - face.top)
