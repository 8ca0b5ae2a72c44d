"""How well a face's motion is that of a plane, such as a printed picture or a screen.

Whatever is seen of a plane from two places is one homography apart. A head that turns shows more than that:
its nose moves against its cheeks; and a mouth, brows and a jaw move by themselves. So the landmarks of one
look, the reference, are laid onto those of another: first by the best affine map, then by what perspective
adds to it (to first order: a shift by a place times a linear function of it). What is left was no plane's::

    moved ≈ fit of the plane − turned, shifted and scaled reference    a picture that is tilted
    off   ≈ landmarks − fit of the plane                               a head that turns, a mouth that speaks

Both are root mean squares over the landmarks, in distances of the eyes' outer corners.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# All over the face, in its depth as well, and around the mouth. No eyelids and irises: blinks count by
# themselves, and these points jump most in noise.
LANDMARKS = np.array(
    [
        *(33, 133, 362, 263),  # corners of the eyes, the outer ones first and last
        *(1, 4, 5, 197, 168, 2, 48, 278),  # nose
        *(0, 13, 14, 17, 61, 291),  # lips
        *(152, 199, 172, 397, 132, 361, 234, 454, 127, 356),  # chin, jaw, ears
        *(50, 280, 205, 425),  # cheeks
        *(70, 105, 107, 336, 334, 300),  # brows
        *(9, 151, 10, 67, 297),  # forehead
    ]
)
OUTER_CORNERS = 0, 3  # of ``LANDMARKS``
TINY = 1e-6


class Motion(NamedTuple):
    """What a face did since the reference; see above."""

    moved: float
    off: float


class Reference:
    """One look, to compare later ones with. ``points``: f64 ``[478, 2 or more]``."""

    def __init__(self, points: NDArray[np.float64]) -> None:
        places = points[LANDMARKS, :2]
        places = places - places.mean(axis=0)
        right, left = places[list(OUTER_CORNERS)]
        self._places = places / max(TINY, float(np.hypot(*(left - right))))
        x, y = self._places.T
        self._affine = np.column_stack([self._places, np.ones(len(x))])
        self._to_affine = np.linalg.pinv(self._affine)
        shifts = np.stack([[x * x, x * y], [x * y, y * y]]).transpose(1, 2, 0)
        self._perspective = self._beyond_affine(shifts).reshape(2, -1)
        self._to_perspective = np.linalg.pinv(self._perspective.T)

    def motion(self, points: NDArray[np.float64]) -> Motion | None:
        """What these landmarks of the same face show; None: they lie on one line or in one place."""
        places = points.take(LANDMARKS, axis=0)[:, :2]
        fit = self._to_affine @ places
        (a, b), (c, d) = fit[:2].tolist()
        stretch = a * d - b * c
        if abs(stretch) <= TINY * (a * a + b * b + c * c + d * d):
            return None
        left = (places - self._affine @ fit) @ (np.array([[d, -b], [-c, a]]) / stretch)
        shifts = left.ravel()
        bent = self._to_perspective @ shifts @ self._perspective
        return Motion(_size(self._sheared(a, b, c, d).ravel() + bent), _size(shifts - bent))

    def _beyond_affine(self, shifts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of shifts f64 ``[2, N, 2]``, what no affine map makes."""
        return np.asarray(shifts - self._affine @ (self._to_affine @ shifts), np.float64)

    def _sheared(self, a: float, b: float, c: float, d: float) -> NDArray[np.float64]:
        """What an affine map does to the places beside turning and scaling them."""
        scaled, turned = (a + d) / 2, (b - c) / 2
        longest = max(TINY, scaled * scaled + turned * turned)
        s, t = scaled / longest, turned / longest  # of the inverse of turning and scaling
        shear = np.array([[a * s + b * t - 1, b * s - a * t], [c * s + d * t, d * s - c * t - 1]])
        return np.asarray(self._places @ shear, np.float64)


def _size(shifts: NDArray[np.float64]) -> float:
    """Root mean square of shifts ``[2 N]``, x and y of one after those of the other."""
    return sqrt(float(shifts @ shifts) / len(LANDMARKS))
