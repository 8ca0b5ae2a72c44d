"""What a model's batches teach of their cost, and which sizes are tried beside the usual one."""

from collections import defaultdict, deque
from collections.abc import Callable
from statistics import median

from ..planning.curve import BatchCurve

KEPT = 256  # batches until the curve is refreshed; of more the newest count
TRIAL_EVERY_S = 30.0
TRIALS = 8  # batches that are enough to tell


class Costs:
    """What batches cost since the last time, by their rows; of very many the newest count."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=KEPT)

    def add(self, rows: int, seconds: float) -> None:
        """Note one batch."""
        self._seen.append((rows, seconds))

    def refresh(self, curve: BatchCurve) -> BatchCurve:
        """The curve as they make it."""
        costs: defaultdict[int, list[float]] = defaultdict(list)
        for rows, seconds in self._seen:
            costs[rows].append(seconds)
        self._seen.clear()
        for rows, seen in costs.items():
            curve = curve.refreshed(rows, median(seen), len(seen))
        return curve


class Trials:
    """Now and then a few batches of half or, by turns, of twice the usual size.

    Else what was best once would be best for ever.
    """

    def __init__(self) -> None:
        self._size = 0
        self._left = 0
        self._next = 0.0
        self._larger = False

    def size(self, usual: int) -> int:
        """How large batches are to be now."""
        return self._size if self._left else usual

    def ran(self, rows: int) -> None:
        """A batch of so many rows ran."""
        self._left -= rows == self._size and self._left > 0

    def look(self, now: float, usual: int, affordable: Callable[[int], bool]) -> None:
        """Begin the next trial if it is time. ``affordable``: whether so large a batch may be tried."""
        if now < self._next:
            return
        self._next = now + TRIAL_EVERY_S
        self._larger = not self._larger
        self._size = max(1, usual // 2)
        if self._larger:
            self._size = 2 * usual if affordable(2 * usual) else usual
        self._left = TRIALS if self._size != usual else 0
