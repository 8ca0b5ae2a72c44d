"""What a batch of each size costs: the one measurement that batching, deadlines and admission rest on.

On a CPU core a convolutional model gains nothing from large batches (its cache does not grow), a call-bound
model gains a lot; on a GPU nearly all gain. So the size is read from the measured curve of each model
on its device.
"""

from bisect import bisect_left
from typing import Annotated

import msgspec

DISPATCH_S = 0.001  # what planning, handing over and absorbing a batch cost besides, whatever its size
GOOD_ENOUGH = 0.97  # the smallest batch within 3 % of the best throughput also has the best latency
CALL_BOUND_GAIN = 1.5


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

    def cost(self, batch: int) -> float:
        """Seconds for a batch of this size: on the line between measurements, then in proportion."""
        if batch > self.sizes[-1]:
            return self.seconds[-1] * batch / self.sizes[-1]
        after = bisect_left(self.sizes, batch)
        if self.sizes[after] == batch:
            return self.seconds[after]
        low, high = self.sizes[after - 1], self.sizes[after]
        share = (batch - low) / (high - low)
        return self.seconds[after - 1] * (1 - share) + self.seconds[after] * share

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
