"""Landmarks of a head in its depth, and of a picture of it that is held before the camera."""

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.analyzers.person.flatness import LANDMARKS
from argusd.scheduler.models.outputs import Mesh

from ..heads import mesh, of_points, rotation

Points = NDArray[np.float64]
AWAY = 700.0  # from the camera, in millimetres
LIPS = (82, 13, 312), (87, 14, 317)
NOSE = [1, 4, 5]


def _skin() -> Points:
    """Somewhere on a rounded face, f64 ``[478, 3]``."""
    x, y = np.random.default_rng(1).uniform((-60, -70), (60, 90), (478, 2)).T
    return np.column_stack([x, y, 0.008 * (x * x + 0.5 * y * y)])


SKIN = _skin()


def sculpted(look: float = 0.0, lids: float | None = None, mouth: float = 0.0) -> Points:
    """A head that faces the camera, in millimetres around its middle.

    ``look``: to the person's left, ``lids``: how far they are open, both as in ``heads.mesh``. ``mouth``: the
    gap between the lips.
    """
    points = mesh(look=(look, 0.0), lids=lids, center=(0.0, 0.0)).points
    empty = LANDMARKS[~points[LANDMARKS].any(axis=1)]
    points[empty] = SKIN[empty]
    points[NOSE] = (0, 10, -25), (0, 5, -22), (0, 0, -15)
    for lips, side in zip(LIPS, (-1, 1), strict=True):
        for landmark, x in zip(lips, (-8, 0, 8), strict=True):
            points[landmark] = x, 50 + side * mouth / 2, 5
    return points


def seen(
    points: Points, *, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, noise: float = 0.0
) -> Mesh:
    """The camera's view of it; ``noise``: standard deviation in pixels, of which an eye has 43."""
    turned = points @ rotation(yaw, pitch, roll).T
    scale = 1000 / (AWAY + turned[:, 2:])
    jitter = np.random.default_rng(int(1e6 * abs(yaw + 3 * pitch + 7 * roll))).normal(0, noise, points.shape)
    return of_points(turned * scale + np.array([320.0, 240.0, 0.0]) + jitter)


def printed(points: Points) -> Points:
    """A picture of it, which has no depth."""
    return np.asarray(points * [1.0, 1.0, 0.0], np.float64)
