"""What a batch of each size costs: the one measurement that batching, deadlines and admission rest on.

On a CPU core a convolutional model gains nothing from large batches (its cache does not grow), a call-bound
model gains a lot; on a GPU nearly all gain. So the size is read from the measured curve of each model
on its device.
"""

from typing import Annotated

import msgspec
import numpy as np

GOOD_ENOUGH = 0.95  # the smallest batch within 5 % of the best throughput also has the best latency
CALL_BOUND_GAIN = 1.5


class BatchCurve(msgspec.Struct, frozen=True):
    """Seconds a batch of each measured size takes; sizes ascend and begin with 1."""

    sizes: Annotated[list[int], msgspec.Meta(min_length=1)]
    seconds: Annotated[list[float], msgspec.Meta(min_length=1)]

    def cost(self, batch: int) -> float:
        """Seconds for a batch of this size: on the line between measurements, then in proportion."""
        if batch > self.sizes[-1]:
            return self.seconds[-1] * batch / self.sizes[-1]
        return float(np.interp(batch, self.sizes, self.seconds))

    @property
    def max_batch(self) -> int:
        """The smallest measured size whose throughput is within 5 % of the best."""
        throughput = np.divide(self.sizes, self.seconds)
        return self.sizes[int(np.argmax(throughput >= GOOD_ENOUGH * throughput.max()))]

    @property
    def item_cost(self) -> float:
        """Seconds an item costs in a batch of ``max_batch``."""
        return self.cost(self.max_batch) / self.max_batch

    @property
    def call_bound(self) -> bool:
        """Whether the call, not the arithmetic, is what costs: then waiting for company pays."""
        return self.cost(1) / self.item_cost >= CALL_BOUND_GAIN
