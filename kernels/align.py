"""Similarity alignment: the square of a picture in which given points come closest to a template.

Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE PAMI 13
(1991). Turning, scaling and moving without mirroring is what a ``Square`` can say, so an aligned crop is
an ordinary crop.
"""

import numpy as np
from numpy.typing import NDArray

from .picture import Square


def align(points: NDArray[np.float64], template: NDArray[np.float64]) -> Square:
    """The square whose crop shows ``points`` where ``template`` wants them, in the least-squares sense.

    Args:
        points: f64 ``[N, 2]``, N ≥ 2 and not all the same, in the picture's pixels.
        template: f64 ``[N, 2]`` in 0..1 of the crop.
    """
    # As complex numbers a similarity is z → a·z + b, and the least-squares fit is a linear regression.
    target, source = points @ (1, 1j), template @ (1, 1j)
    centred = source - source.mean()
    turn = np.vdot(centred, target) / np.vdot(centred, centred).real
    middle = target.mean() + turn * (0.5 + 0.5j - source.mean())
    return Square(float(middle.real), float(middle.imag), float(abs(turn)), float(np.angle(turn)))
