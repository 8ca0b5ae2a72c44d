"""What 478 landmarks say of a head, for a whole batch at a time: its box, its pose, its eyes, its mouth.

The mesh's depth is relative but has the unit of its width, so the head's axes can be read off directly: the
right one across pairs of points that mirror each other, the lower one from forehead to chin. This is a
weak-perspective view: a head far from the picture's centre is measured against its own line of sight only
as well as the mesh model does it, a few degrees.

Each eye is measured in the head's own axes, so that a turned head does not shift it: the iris' distance from
the middle between the eye's corners, in half eye widths. An eyeball has about 12 mm radius and an eye
about 30 mm width, so 0.18 is some 13 degrees.

Up and down the mesh moves an iris too little, for it keeps it between the lids. But the upper lid goes with
the eyeball (Becker, Fuchs, 1988, "Lid-eye coordination during vertical gaze changes"), so how far it stands
from where it rests is added. Who screws up the eyes raises the lower lids as well: that is taken off again.

Everything that is measured begins with differences between means of landmarks: one product with a matrix.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..outputs import Box, Gaze, HeadPose, Mesh

Landmarks = tuple[int, ...]


class Eye(NamedTuple):
    """Landmarks of one eye: iris centre, its two corners, and points along the two lids."""

    iris: int
    corners: tuple[int, int]
    upper: tuple[int, int, int]
    lower: tuple[int, int, int]


RIGHT = Eye(468, (33, 133), (160, 159, 158), (144, 145, 153))
LEFT = Eye(473, (362, 263), (387, 386, 385), (373, 374, 380))
# Points that mirror each other: outer eye corners, sides of the face at ear and at cheek height.
RIGHT_SIDE, LEFT_SIDE = (33, 127, 234), (263, 356, 454)
FOREHEAD, CHIN = 10, 152
OUTER_CORNERS = 33, 263  # the person's right one, left one
UPPER_LIP, LOWER_LIP = (82, 13, 312), (87, 14, 317)  # the inner lips' middle

# Where iris and lids of a relaxed eye are, below the line between its corners, in half eye widths.
REST_IRIS, REST_UPPER, REST_LOWER = -0.1, -0.37, 0.17

# The points that faces are aligned by: right eye, left eye, nose tip, right and left mouth corner.
KEYPOINTS: tuple[Landmarks, ...] = (RIGHT.corners, LEFT.corners, (1,), (61,), (291,))
# From the mean of the first landmarks to that of the second.
HEAD: tuple[tuple[Landmarks, Landmarks], ...] = ((RIGHT_SIDE, LEFT_SIDE), ((FOREHEAD,), (CHIN,)))
EYES: tuple[tuple[Landmarks, Landmarks], ...] = (
    *(((eye.corners[0],), (eye.corners[1],)) for eye in (RIGHT, LEFT)),
    *((eye.corners, (eye.iris,)) for eye in (RIGHT, LEFT)),
    *((eye.corners, eye.upper) for eye in (RIGHT, LEFT)),
    *((eye.corners, eye.lower) for eye in (RIGHT, LEFT)),
)
MOUTH: tuple[tuple[Landmarks, Landmarks], ...] = (
    *(((upper,), (lower,)) for upper, lower in zip(UPPER_LIP, LOWER_LIP, strict=True)),
    ((OUTER_CORNERS[0],), (OUTER_CORNERS[1],)),
)
DIFFERENCES = (*HEAD, *EYES, *MOUTH)
PARTS = np.cumsum([len(HEAD), len(EYES), len(MOUTH), len(KEYPOINTS)]).tolist()
NEEDED = np.array(
    sorted({point for pair in (*DIFFERENCES, KEYPOINTS) for points in pair for point in points})
)

TINY = 1e-9  # of landmarks that all lie in one place nothing can be told, and nothing raises
NEXT, AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])  # of x, y and z, as in a cross product


def meshes(points: NDArray[np.float64], presence: NDArray[np.floating]) -> list[Mesh]:
    """What landmarks f64 ``[B, 478, 3]`` in frame pixels say, and how surely there is a face: ``[B]``."""
    planes = points.swapaxes(1, 2)
    linear = np.ascontiguousarray((planes[:, :, NEEDED] @ COEFFICIENTS).transpose(1, 2, 0))  # [3, vectors, B]
    eyes, mouth, ends = (linear[:, begin:end] for begin, end in pairwise(PARTS))
    across, down, into = head_axes(linear[:, 0], linear[:, 1])
    columns = np.array(
        [
            presence,
            *planes.min(axis=2).T[:2],
            *planes.max(axis=2).T[:2],
            *gaze(in_head(eyes, across), in_head(eyes, down)),
            *pose(across, into),
            opening(mouth),
            np.arctan2(mouth[1, 3], mouth[0, 3]),
        ]
    )
    return [
        Mesh(place, row[0], Box(*row[1:5]), Gaze(*row[5:9]), HeadPose(*row[9:12]), row[12], row[13], corners)
        for place, corners, row in zip(points, ends[:2].transpose(2, 1, 0), columns.T.tolist(), strict=True)
    ]


def head_axes(
    across: NDArray[np.float64], down: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The person's left, down, and into the head, in frame coordinates: f64 ``[3, B]`` of length 1 each."""
    across = across / _length(across)
    down = down - across * (across * down).sum(axis=0)
    down = down / _length(down)
    into = across[NEXT] * down[AFTER] - across[AFTER] * down[NEXT]
    return across, down, into


def in_head(vectors: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far vectors f64 ``[3, N, B]`` go along an axis ``[3, B]``: f64 ``[N, B]``."""
    return np.asarray((vectors * axis[:, None]).sum(axis=0), np.float64)


def pose(across: NDArray[np.float64], into: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """``HeadPose`` of these axes: f64 ``[B]`` each."""
    yaw = np.arctan2(-into[0], into[2])
    pitch = np.arctan2(into[1], np.hypot(into[0], into[2]))
    roll = np.arctan2(across[1], across[0])
    return [np.degrees(angle) for angle in (yaw, pitch, roll)]


def gaze(across: NDArray[np.float64], down: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """``Gaze``, both eyes' mean, of ``EYES`` along the head's axes f64 ``[8, B]``: f64 ``[B]`` each."""
    widths = np.maximum(np.hypot(across[:2], down[:2]), TINY)
    iris, upper, lower = (2 * along / widths for along in (down[2:4], down[4:6], down[6:]))
    y = (iris - REST_IRIS) + (upper - REST_UPPER) + np.minimum(lower - REST_LOWER, 0)
    gaps = np.hypot(across[6:] - across[4:6], down[6:] - down[4:6])
    return [each.sum(axis=0) / 2 for each in (2 * across[2:4] / widths, y, gaps / widths, widths)]


def opening(mouth: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gap between the inner lips, in distances of the eyes' outer corners: f64 ``[B]``.

    ``mouth``: ``MOUTH`` f64 ``[3, 4, B]``, measured in space, so a turned head changes it little.
    """
    lengths = _length(mouth)
    return np.asarray(lengths[:3].sum(axis=0) / 3 / lengths[3], np.float64)


def _length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Along the axis of x, y and z, which is the first."""
    return np.asarray(np.maximum(np.sqrt((vectors * vectors).sum(axis=0)), TINY), np.float64)


def _coefficients() -> NDArray[np.float64]:
    """f64 ``[NEEDED, DIFFERENCES and KEYPOINTS]``."""
    means: Sequence[tuple[Landmarks, Landmarks]] = [*DIFFERENCES, *(((), points) for points in KEYPOINTS)]
    rows = {point: row for row, point in enumerate(NEEDED.tolist())}
    coefficients = np.zeros((len(NEEDED), len(means)))
    for column, (first, second) in enumerate(means):
        for points, sign in ((first, -1.0), (second, 1.0)):
            for point in points:
                coefficients[rows[point], column] += sign / len(points)
    return coefficients


COEFFICIENTS = _coefficients()
