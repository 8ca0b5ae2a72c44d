"""The closed loop that lowers everybody's rates while results come too late, and raises them after.

Additive increase, multiplicative decrease (Chiu and Jain, 1989): it converges, and because one scale holds
for all sessions it stays fair. Nothing is queued meanwhile: what is not served is
overwritten by what is newer.
"""

import numpy as np

STEP_S = 0.5
DECREASE = 0.85
INCREASE = 0.03
CALM = 0.7  # below this share of the limit there is room to ask for more
LOWEST = 0.05
PERCENTILE = 95


class RateControl:
    """``scale`` multiplies every wanted rate, 1 = as wanted.

    ``observe`` takes the pressure of each result: how late it came as a share of what is allowed, so 1 is
    the limit. Values wait for ``step`` at most half a second.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        self._pressures: list[float] = []
        self._next_step = 0.0

    def observe(self, pressure: float) -> None:
        """Take in one result's pressure."""
        self._pressures.append(pressure)

    def step(self, now: float) -> None:
        """Adjust the scale, every ``STEP_S`` seconds, to the 95th percentile of what was observed."""
        if now < self._next_step:
            return
        self._next_step = now + STEP_S
        pressure = float(np.percentile(self._pressures, PERCENTILE)) if self._pressures else 0.0
        self._pressures.clear()
        if pressure > 1.0:
            self.scale = max(LOWEST, self.scale * DECREASE)
        elif pressure < CALM:
            self.scale = min(1.0, self.scale + INCREASE)
