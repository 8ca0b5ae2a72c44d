"""What 478 landmarks say of a head, for a whole batch at a time: its box, its pose, its eyes, its mouth.

The mesh's depth is relative but has the unit of its width, so the head's axes can be read off directly: the
right one across pairs of points that mirror each other, the lower one from forehead to chin. This is a
weak-perspective view: a head far from the picture's centre is measured against its own line of sight only
as well as the mesh model does it, a few degrees.

Each eye is measured in the head's own axes, so that a turned head does not shift it: the iris' distance from
the middle between the eye's corners, in half eye widths. An eyeball has about 12 mm radius and an eye
about 30 mm width, so 0.18 is some 13 degrees.

Everything that is measured begins with differences between means of landmarks: one product with a matrix.
"""

from collections.abc import Sequence
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

# A relaxed eye's iris sits above the line between its corners: the inner corner hangs low.
REST_VERTICAL = -0.1

# The points that faces are aligned by: right eye, left eye, nose tip, right and left mouth corner.
KEYPOINTS: tuple[Landmarks, ...] = (RIGHT.corners, LEFT.corners, (1,), (61,), (291,))
# From the mean of the first landmarks to that of the second.
HEAD: tuple[tuple[Landmarks, Landmarks], ...] = ((RIGHT_SIDE, LEFT_SIDE), ((FOREHEAD,), (CHIN,)))
EYES: tuple[tuple[Landmarks, Landmarks], ...] = (
    *(((eye.corners[0],), (eye.corners[1],)) for eye in (RIGHT, LEFT)),
    *((eye.corners, (eye.iris,)) for eye in (RIGHT, LEFT)),
    *((eye.upper, eye.lower) for eye in (RIGHT, LEFT)),
)
MOUTH: tuple[tuple[Landmarks, Landmarks], ...] = (
    *(((upper,), (lower,)) for upper, lower in zip(UPPER_LIP, LOWER_LIP, strict=True)),
    ((OUTER_CORNERS[0],), (OUTER_CORNERS[1],)),
)
DIFFERENCES = (*HEAD, *EYES, *MOUTH)
NEEDED = sorted({point for pair in (*DIFFERENCES, KEYPOINTS) for points in pair for point in points})

TINY = 1e-9  # of landmarks that all lie in one place nothing can be told, and nothing raises
NEXT, AFTER = [1, 2, 0], [2, 0, 1]  # of x, y and z, as in a cross product


def meshes(points: NDArray[np.float64], presence: NDArray[np.floating]) -> list[Mesh]:
    """What landmarks f64 ``[B, 478, 3]`` in frame pixels say, and how surely there is a face: ``[B]``."""
    linear = points[:, NEEDED].swapaxes(1, 2) @ COEFFICIENTS  # [B, 3, vectors]
    keypoints = linear[:, :2, len(DIFFERENCES) :].swapaxes(1, 2)
    head, eyes, mouth = np.split(linear[..., : len(DIFFERENCES)], [len(HEAD), len(HEAD) + len(EYES)], axis=2)
    across, down, into = head_axes(head[..., 0], head[..., 1])
    columns = (
        boxes(points),
        pose(across, into),
        gaze(np.stack([across, down], axis=1) @ eyes),
        opening(mouth),
        np.arctan2(mouth[:, 1, 3], mouth[:, 0, 3]),
        presence,
    )
    return [
        Mesh(place, surely, Box(*box), Gaze(*looks), HeadPose(*turned), opened, tilt, ends)
        for place, ends, (box, turned, looks, opened, tilt, surely) in zip(
            points, keypoints, zip(*(column.tolist() for column in columns), strict=True), strict=True
        )
    ]


def head_axes(
    across: NDArray[np.float64], down: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The person's left, down, and into the head, in frame coordinates: f64 ``[B, 3]`` of length 1 each."""
    across = across / _length(across)[:, None]
    down = down - across * np.sum(across * down, axis=1, keepdims=True)
    down = down / _length(down)[:, None]
    into = across[:, NEXT] * down[:, AFTER] - across[:, AFTER] * down[:, NEXT]
    return across, down, into


def pose(across: NDArray[np.float64], into: NDArray[np.float64]) -> NDArray[np.float64]:
    """``HeadPose`` of these axes: f64 ``[B, 3]``."""
    yaw = np.arctan2(-into[:, 0], into[:, 2])
    pitch = np.arcsin(np.clip(into[:, 1], -1, 1))
    roll = np.arctan2(across[:, 1], across[:, 0])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=1)), np.float64)


def gaze(eyes: NDArray[np.float64]) -> NDArray[np.float64]:
    """``Gaze``, both eyes' mean, of ``EYES`` in the head's axes f64 ``[B, 2, 6]``: f64 ``[B, 4]``."""
    corners, irises, lids = np.split(eyes, 3, axis=2)  # [B, 2, two eyes] each
    widths = _length(corners)
    x, y = np.moveaxis((2 * irises / widths[:, None]).mean(axis=2), 1, 0)
    opened = (_length(lids) / widths).mean(axis=1)
    return np.stack([x, y - REST_VERTICAL, opened, widths.mean(axis=1)], axis=1)


def opening(mouth: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gap between the inner lips, in distances of the eyes' outer corners: f64 ``[B]``.

    ``mouth``: ``MOUTH`` f64 ``[B, 3, 4]``, measured in space, so a turned head changes it little.
    """
    lengths = _length(mouth)
    return np.asarray(lengths[:, :3].mean(axis=1) / lengths[:, 3], np.float64)


def boxes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upright boxes of landmarks f64 ``[B, 478, 3]``: f64 ``[B, 4]``."""
    flat = points[..., :2]
    return np.hstack([flat.min(axis=1), flat.max(axis=1)])


def _length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Along the axis of x, y and z, which is the second."""
    return np.asarray(np.maximum(np.sqrt(np.square(vectors).sum(axis=1)), TINY), np.float64)


def _coefficients() -> NDArray[np.float64]:
    """f64 ``[NEEDED, DIFFERENCES and KEYPOINTS]``."""
    means: Sequence[tuple[Landmarks, Landmarks]] = [*DIFFERENCES, *(((), points) for points in KEYPOINTS)]
    coefficients = np.zeros((len(NEEDED), len(means)))
    for column, (first, second) in enumerate(means):
        for points, sign in ((first, -1.0), (second, 1.0)):
            for point in points:
                coefficients[NEEDED.index(point), column] += sign / len(points)
    return coefficients


COEFFICIENTS = _coefficients()
