"""Counters and histograms of the loop; the api shows them under ``/metrics``."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable

from ..contract.messages import Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
ITEMS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


class Meter:
    """A histogram that is being filled."""

    def __init__(self, bounds: Iterable[float]) -> None:
        self._bounds = list(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def snapshot(self) -> Histogram:
        """What was counted so far, cumulative (Prometheus' ``le``)."""
        cumulative, total = [], 0
        for count in self._counts:
            total += count
            cumulative.append(total)
        return Histogram(self._bounds, cumulative[:-1], self._sum, total)


class Meters:
    """Everything the loop counts.

    ``served``: outputs absorbed, by role; ``reused``: those of them that an earlier picture had given.
    ``dropped``: by stream and reason (``stale``, ``torn``, ``gap``, ``superseded`` by a new geometry or the
    stream's end, ``not_run`` because others of its batch were to blame, or an error's code).
    ``batch_size`` and ``infer_seconds``: by model. ``frame_age``: arrival to result, seconds, by stream.
    """

    def __init__(self) -> None:
        self.served: Counter[str] = Counter()
        self.reused: Counter[str] = Counter()
        self.dropped: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.batch_size: defaultdict[str, Meter] = defaultdict(lambda: Meter(ITEMS))
        self.infer_seconds: defaultdict[str, Meter] = defaultdict(lambda: Meter(SECONDS))
        self.frame_age: defaultdict[str, Meter] = defaultdict(lambda: Meter(SECONDS))
