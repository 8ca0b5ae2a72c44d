"""Where the eyes look, relative to the head, and whether they are open.

Each eye is measured in the head's own axes, so that a turned head does not shift it: the iris' distance from
the middle between the eye's corners, in half eye widths. An eyeball has about 12 mm radius and an eye
about 30 mm width, so 0.18 is some 13 degrees.
"""

from math import copysign
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Direction = Literal["left", "right", "up", "down", "center"]


class Eye(NamedTuple):
    """Landmarks of one eye: iris centre, its two corners, and points along the two lids."""

    iris: int
    corners: tuple[int, int]
    upper: tuple[int, int, int]
    lower: tuple[int, int, int]


RIGHT = Eye(468, (33, 133), (160, 159, 158), (144, 145, 153))
LEFT = Eye(473, (362, 263), (387, 386, 385), (373, 374, 380))

# A relaxed eye's iris sits above the line between its corners: the inner corner hangs low.
REST_VERTICAL = -0.1
# Half eye widths by which the eyes move when they make up for a head turned by an angle of sine 1:
# eyeball radius over half an eye's width.
TURN = 0.8
# Lid distance over eye width: about 0.27 open, below 0.15 closed (after Soukupová and Čech, 2016).
CLOSED = 0.15


class Gaze(NamedTuple):
    """Offsets in half eye widths: x > 0 to the person's left, y > 0 down.

    ``open``: distance of the lids over the eye's width. ``width``: an eye's, in frame pixels.
    """

    x: float
    y: float
    open: float
    width: float

    @property
    def blink(self) -> bool:
        """Lids closed; x and y mean nothing then."""
        return self.open < CLOSED


def measure_gaze(points: NDArray[np.float64], axes: NDArray[np.float64]) -> Gaze:
    """Mean of both eyes, from points ``[478, 3]`` and the head's axes (see ``head_pose``)."""
    in_head = points @ axes.T
    eyes = [_measure(in_head, eye) for eye in (RIGHT, LEFT)]
    x, y, openness, width = np.mean(eyes, axis=0).tolist()
    return Gaze(x, y - REST_VERTICAL, openness, width)


def _measure(points: NDArray[np.float64], eye: Eye) -> tuple[float, float, float, float]:
    first, second = points[list(eye.corners), :2]
    width = float(np.linalg.norm(second - first))
    offset = (points[eye.iris, :2] - (first + second) / 2) / (width / 2)
    gap = points[list(eye.lower), :2].mean(axis=0) - points[list(eye.upper), :2].mean(axis=0)
    return float(offset[0]), float(offset[1]), float(np.linalg.norm(gap)) / width, width


def beyond_head_turn(offset: float, angle_deg: float) -> float:
    """What is left of an eye offset after taking off what only makes up for the head's turn.

    Someone whose head is turned left and whose eyes are turned right by as much looks at the camera. The
    angle counts in the offset's own sense. An eye that follows the head keeps its offset.
    """
    turn = TURN * float(np.sin(np.radians(angle_deg)))
    if offset * turn >= 0:
        return offset
    left = abs(offset) - abs(turn)
    return copysign(left, offset) if left > 0 else 0.0


def direction_of(x: float, y: float, horizontal: float, vertical: float) -> Direction:
    """The side that is furthest beyond its threshold, as the person sees it; center if none is."""
    across, along = abs(x) / horizontal, abs(y) / vertical
    if max(across, along) < 1:
        return "center"
    if across >= along:
        return "left" if x > 0 else "right"
    return "down" if y > 0 else "up"
