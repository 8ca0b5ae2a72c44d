"""The decision whether a child that ended is started again, apart from any process."""

from collections.abc import Sequence

import msgspec


class RestartRule(msgspec.Struct, frozen=True):
    """How often a child may end, and how long to wait before it is started again.

    ``limit`` restarts are granted in any ``window_s`` seconds. The wait doubles from ``first_delay_s`` with
    every exit inside the window, up to ``longest_delay_s``. A child that the others can do without rests for
    ``rest_s`` when it has used them up, and again if it ends within a window after that. One that had been
    ready for ``steady_s`` is no such case: the exits before are forgiven.
    """

    limit: int = 5
    window_s: float = 60.0
    first_delay_s: float = 0.1
    longest_delay_s: float = 5.0
    rest_s: float = 30.0
    steady_s: float = 1.0

    def delay(self, exits: Sequence[float], now: float) -> float | None:
        """Seconds to wait before the next start, or None when the budget is used up.

        ``exits`` are the times of all exits until now, this one included, on a clock that only goes forward.
        """
        recent = sum(1 for at in exits if at > now - self.window_s)
        if recent > self.limit:
            return None
        return float(min(self.first_delay_s * 2 ** max(recent - 1, 0), self.longest_delay_s))
