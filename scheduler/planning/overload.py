"""How much of what is wanted is served: nobody lowers the rates, they fall while rows wait for a core.

What waits is not a queue: a row looks at its newest frame when its turn comes (``batcher.py`` says whose turn
it is), and its next period begins then. So the longer everybody waits, the lower everybody's rates.
"""

import numpy as np
from numpy.typing import NDArray

STEP_S = 0.5
KEPT = 0.5  # of what was observed, from step to step


class ServedShare:
    """``scale``: the share of the wanted rates that everybody gets, 1 = as wanted."""

    def __init__(self) -> None:
        self.scale = 1.0
        self._looks = 0.0
        self._periods = 0.0
        self._next_step = 0.0

    def observe(self, waited_s: NDArray[np.float64], period_s: NDArray[np.float64]) -> None:
        """Take in how long looks that begin now had to wait, beside their wanted periods."""
        self._looks += len(waited_s)
        self._periods += float((1 + waited_s / period_s).sum())

    def step(self, now: float) -> None:
        """Bring ``scale`` up to date, every ``STEP_S`` seconds."""
        if now < self._next_step:
            return
        self._next_step = now + STEP_S
        self.scale = self._looks / self._periods if self._looks else 1.0
        self._looks *= KEPT
        self._periods *= KEPT
