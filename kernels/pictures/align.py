"""Similarity alignment: the square of a picture in which given points come closest to a template.

Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE PAMI 13
(1991). Turning, scaling and moving without mirroring is what a ``Square`` can say, so an aligned crop is
an ordinary crop.
"""

import numpy as np
from numpy.typing import NDArray

from .picture import Square

LEAST_EXPLAINED = 0.25  # points that are hardly a face get no boundless square


def align(points: NDArray[np.float64], template: NDArray[np.float64]) -> Square:
    """The square whose crop shows ``points`` where ``template`` wants them, in the least-squares sense.

    Sizes are as InsightFace's ``estimate_norm`` has them: what does not fit is measured in the crop.

    Args:
        points: f64 ``[N, 2]``, N ≥ 2 and not all the same, in the picture's pixels.
        template: f64 ``[N, 2]`` in 0..1 of the crop.
    """
    # As complex numbers a similarity is z → a·z + b, and the least-squares fit is a linear regression. With
    # errors counted in the crop it is that of the template on the points, turned around: the regression of
    # the points on the template, enlarged by what the points leave unexplained.
    target, source = points @ (1, 1j), template @ (1, 1j)
    there, here = target - target.mean(), source - source.mean()
    shared, size = np.vdot(here, there), np.vdot(here, here).real
    explained = abs(shared) ** 2 / (size * np.vdot(there, there).real)
    turn = shared / size / max(explained, LEAST_EXPLAINED)
    middle = target.mean() + turn * (0.5 + 0.5j - source.mean())
    return Square(float(middle.real), float(middle.imag), float(abs(turn)), float(np.angle(turn)))
