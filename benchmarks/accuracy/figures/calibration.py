"""What scores mean: from how strongly a finding was told to how probably it is there. Pure.

Platt's logistic function (1999), with targets like his, which keep few samples from being taken for
certainty. Both kinds weigh the same, so the log-odds are those at even odds beforehand, however many of
either were labelled.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize


class Fit(NamedTuple):
    """Log-odds = ``slope`` · (score − ``even``).

    ``cost``: what is left unknown, in bits (Cllr; Brümmer, du Preez, 2006): 1 where scores tell nothing, 0
    where they tell all.
    """

    even: float
    slope: float
    cost: float


def fitted(there: Sequence[float], others: Sequence[float]) -> Fit:
    """To the scores of those that were there and of the others, one of each at least."""
    scores = np.array([*there, *others], np.float64)
    middle, spread = float(scores.mean()), max(float(scores.std()), 1e-6)
    scaled = (scores - middle) / spread
    doubt = 1 / (min(len(there), len(others)) + 2)
    wanted = np.array([1 - doubt] * len(there) + [doubt] * len(others))
    weights = np.array([0.5 / len(there)] * len(there) + [0.5 / len(others)] * len(others))

    def loss(line: NDArray[np.float64]) -> float:
        odds = line[0] * scaled + line[1]
        return float(weights @ (wanted * np.logaddexp(0, -odds) + (1 - wanted) * np.logaddexp(0, odds)))

    slope, base = minimize(loss, np.array([1.0, 0.0])).x.tolist()
    odds = slope * scaled + base
    signs = np.array([-1] * len(there) + [1] * len(others))
    cost = float(weights @ np.logaddexp(0, signs * odds)) / log(2)
    return Fit(middle - base * spread / slope if slope else middle, slope / spread, cost)
