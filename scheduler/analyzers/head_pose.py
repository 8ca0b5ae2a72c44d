"""Which way a head points, from its own 478 points.

The mesh's depth is relative but has the unit of its width, so the head's axes can be read off directly: the
right one across pairs of points that mirror each other, the lower one from forehead to chin. This is a
weak-perspective view: a head far from the picture's centre is measured against its own line of sight only
as well as the mesh model does it, a few degrees.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Points that mirror each other: outer eye corners, sides of the face at ear and at cheek height.
RIGHT_SIDE = [33, 127, 234]
LEFT_SIDE = [263, 356, 454]
FOREHEAD, CHIN = 10, 152


class HeadPose(NamedTuple):
    """Degrees, all 0 for a head that faces the camera upright.

    yaw > 0: turned to the person's left. pitch > 0: raised. roll > 0: tilted to the person's left shoulder.
    """

    yaw: float
    pitch: float
    roll: float


def head_axes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal rows: the person's left, down, and into the head, in frame coordinates; f64 ``[3, 3]``."""
    across = points[LEFT_SIDE].mean(axis=0) - points[RIGHT_SIDE].mean(axis=0)
    across /= np.linalg.norm(across)
    down = points[CHIN] - points[FOREHEAD]
    down = down - across * (across @ down)
    down /= np.linalg.norm(down)
    return np.stack([across, down, np.cross(across, down)])


def head_pose(axes: NDArray[np.float64]) -> HeadPose:
    """Angles of ``head_axes``."""
    across, forward = axes[0], -axes[2]
    return HeadPose(
        yaw=float(np.degrees(np.arctan2(forward[0], -forward[2]))),
        pitch=float(np.degrees(np.arcsin(np.clip(-forward[1], -1, 1)))),
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
    )
