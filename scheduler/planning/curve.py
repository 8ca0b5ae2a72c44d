"""What a batch of each size costs: the one measurement that batching, deadlines and admission rest on.

On a CPU core a convolutional model gains nothing from large batches (its cache does not grow), a call-bound
model gains a lot; on a GPU nearly all gain. So the size is read from the measured curve of each model
on its device. It is about ``a + b * rows``; where caches end it is not, so the points are kept beside the
line, and follow what batches take later on.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import Annotated, NamedTuple

import msgspec

DISPATCH_S = 0.001  # what planning, handing over and absorbing a batch cost besides, whatever its size
GOOD_ENOUGH = 0.97  # the smallest batch within 3 % of the best throughput also has the best latency
CALL_BOUND_GAIN = 1.5
FARTHEST = 2.0  # times the line: where a point of a first measurement lies farther off, it was disturbed
LEARNING_RATE = 0.1  # of a batch of the point's own size; a half for each doubling between them
SURPRISE = math.log(2)  # at most, that a batch tells: one that something held up says little


class Line(NamedTuple):
    """Seconds of a batch: ``call``, and ``item`` for each of its rows."""

    call: float
    item: float

    def cost(self, rows: float) -> float:
        """Seconds for so many rows."""
        return self.call + self.item * rows


def fit(sizes: Sequence[int], seconds: Sequence[float]) -> Line:
    """The line through most of these points (Theil, 1950; Sen, 1968). A few that are far off do not move it.

    Neither of its parts is negative.
    """
    points = list(zip(sizes, seconds, strict=True))
    slopes = [(t2 - t1) / (n2 - n1) for (n1, t1), (n2, t2) in combinations(points, 2)]
    item = max(0.0, median(slopes)) if slopes else seconds[0] / sizes[0]
    return Line(max(0.0, median(taken - item * size for size, taken in points)), item)


class BatchCurve(msgspec.Struct, frozen=True):
    """Seconds a batch of each measured size takes; sizes ascend and begin with 1."""

    sizes: Annotated[list[int], msgspec.Meta(min_length=1)]
    seconds: Annotated[list[Annotated[float, msgspec.Meta(gt=0)]], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse what is no curve; decoding one makes a ``msgspec.ValidationError`` of it.

        Raises:
            ValueError: it is none.
        """
        if len(self.sizes) != len(self.seconds) or self.sizes != sorted({1, *self.sizes}):
            raise ValueError("a batch curve has ascending sizes from 1 on, and as many times")

    @property
    def line(self) -> Line:
        """``a + b * rows`` through the points."""
        return fit(self.sizes, self.seconds)

    def cost(self, batch: int) -> float:
        """Seconds for a batch of this size: between measurements, and beyond them along the fitted line."""
        if batch > self.sizes[-1]:
            return self.seconds[-1] + self.line.item * (batch - self.sizes[-1])
        after = bisect_left(self.sizes, batch)
        if self.sizes[after] == batch:
            return self.seconds[after]
        low, high = self.sizes[after - 1], self.sizes[after]
        begin, end = self.seconds[after - 1], self.seconds[after]
        return begin + (end - begin) * (batch - low) / (high - low)

    def refreshed(self, rows: int, seconds: float, batches: int = 1) -> "BatchCurve":
        """What it is once so many batches of ``rows`` took ``seconds`` (their median).

        Other sizes follow by less, the farther they are. One of twice the largest size becomes a point.
        """
        if rows >= 2 * self.sizes[-1]:
            return BatchCurve([*self.sizes, rows], [*self.seconds, max(seconds, self.seconds[-1])])
        told = math.log(seconds / self.cost(rows))
        told = min(SURPRISE, max(-SURPRISE, told)) * (1 - (1 - LEARNING_RATE) ** batches)
        learned = [
            taken * math.exp(told * 0.5 ** abs(math.log2(rows / size)))
            for size, taken in zip(self.sizes, self.seconds, strict=True)
        ]
        return BatchCurve(
            self.sizes, _ascending(learned, min(bisect_left(self.sizes, rows), len(learned) - 1))
        )

    def most_within(self, seconds: float) -> int:
        """The largest measured size that takes no longer than this; 0: none does."""
        return max(
            (size for size, taken in zip(self.sizes, self.seconds, strict=True) if taken <= seconds),
            default=0,
        )

    @property
    def max_batch(self) -> int:
        """The smallest measured size whose throughput, overhead included, is within 3 % of the best."""
        throughput = [
            size / (taken + DISPATCH_S) for size, taken in zip(self.sizes, self.seconds, strict=True)
        ]
        enough = GOOD_ENOUGH * max(throughput)
        return next(size for size, rate in zip(self.sizes, throughput, strict=True) if rate >= enough)

    @property
    def item_cost(self) -> float:
        """Seconds an item costs in a batch of ``max_batch``."""
        return self.cost(self.max_batch) / self.max_batch

    @property
    def call_bound(self) -> bool:
        """Whether the call, not the arithmetic, is what costs: then waiting for company pays."""
        return self.cost(1) / self.item_cost >= CALL_BOUND_GAIN


def first_curve(sizes: Sequence[int], seconds: Sequence[float]) -> BatchCurve:
    """The curve of a first measurement, in which whatever else the machine did has only added to the times.

    So a batch takes no longer than a larger one did, nor much longer than the line through all of them.
    """
    line = fit(sizes, seconds)
    credible = [min(taken, FARTHEST * line.cost(size)) for size, taken in zip(sizes, seconds, strict=True)]
    return BatchCurve(list(sizes), _ascending(credible, len(credible) - 1))


def _ascending(seconds: Sequence[float], known: int) -> list[float]:
    """The times made to ascend: the one at ``known`` stays as it is, and the others make way."""
    ascending = list(seconds)
    for at in range(known - 1, -1, -1):
        ascending[at] = min(ascending[at], ascending[at + 1])
    for at in range(known + 1, len(ascending)):
        ascending[at] = max(ascending[at], ascending[at - 1])
    return ascending


UNMEASURED = BatchCurve([1], [1.0])
# What a batch costs the event loop, until that is measured.
LOOP = BatchCurve([1, 4, 16, 64, 256], [0.0008, 0.0009, 0.0013, 0.0028, 0.0085])
