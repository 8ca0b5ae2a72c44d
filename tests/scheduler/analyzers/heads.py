"""Landmarks of an idealised head, turned and with its eyes where a test wants them."""

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.models.faces.face_geometry import (
    LEFT,
    REST_IRIS,
    REST_LOWER,
    REST_UPPER,
    RIGHT,
    Eye,
    meshes,
)
from argusd.scheduler.models.outputs import Box, Face, Mesh

EYE_WIDTH = 30.0  # a unit is about a millimetre
EYE_APART = 64.0
OPEN_LIDS = 0.27  # of an eye that looks straight ahead


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Degrees, in the sense of HeadPose; acts on columns in x right, y down, z away."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(tilt @ turn @ nod, np.float64)


def mesh(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    look: tuple[float, float] = (0.0, 0.0),
    lids: float | None = None,
    squint: float = 0.0,
    presence: float = 1.0,
    center: tuple[float, float] = (320.0, 240.0),
    scale: float = 1.0,
) -> Mesh:
    """A face's landmarks.

    ``look``: to the person's left and down, in half eye widths; downwards irises and upper lids go halves.
    ``lids``: distance over width, of upper lids that cover what the eyes do. ``squint``: half eye widths by
    which both lids come closer.
    """
    points = np.zeros((478, 3))
    points[[127, 234]] = (-75, 0, 60)
    points[[356, 454]] = (75, 0, 60)
    points[10], points[152] = (0, -80, 10), (0, 100, 10)
    for eye, x in ((RIGHT, -EYE_APART / 2), (LEFT, EYE_APART / 2)):
        _place_eye(points, eye, np.array([x, -20.0, 10.0]), look, _lids(look[1], lids, squint))
    turned = points @ rotation(yaw, pitch, roll).T * scale
    return of_points(turned + np.array([*center, 0.0]), presence)


def of_points(points: NDArray[np.float64], presence: float = 1.0) -> Mesh:
    """What landmarks f64 ``[478, 3]`` say."""
    (found,) = meshes(points[None], np.array([presence]))
    return found


def _lids(down: float, lids: float | None, squint: float) -> tuple[float, float]:
    """Where the upper and the lower one are, below the line between the corners, in half eye widths."""
    upper = REST_UPPER + down / 2 + squint if lids is None else REST_LOWER - 2 * lids
    return upper, REST_LOWER - squint


def _place_eye(
    points: NDArray[np.float64],
    eye: Eye,
    at: NDArray[np.float64],
    look: tuple[float, float],
    lids: tuple[float, float],
) -> None:
    half = EYE_WIDTH / 2

    def put(landmark: int, across: float, down: float) -> None:
        points[landmark] = at + np.array([across, down, 0.0])

    put(eye.corners[0], -half, 0)
    put(eye.corners[1], half, 0)
    put(eye.iris, look[0] * half, (look[1] / 2 + REST_IRIS) * half)
    for across, upper, lower in zip((-5, 0, 5), eye.upper, eye.lower, strict=True):
        put(upper, across, lids[0] * half)
        put(lower, across, lids[1] * half)


def face(x: float = 320.0, y: float = 240.0, width: float = 150.0, score: float = 0.9) -> Face:
    """An upright face around a point."""
    half = width / 2
    points = [(-0.4, -0.3), (0.4, -0.3), (0, 0), (0, 0.4)]
    return Face(Box(x - half, y - half, x + half, y + half), np.array(points) * half + [x, y], score)
