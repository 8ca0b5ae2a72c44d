"""Pictures that a sender repeats for want of new ones.

Firefox sends the last picture of a stopped camera once a second, each time a little sharper; others do so
with a screen that does not change. Of a camera's own pictures no two are alike: it has noise, and a person
breathes.
"""

import numpy as np
from numpy.typing import NDArray

# Slower than any camera; what comes faster is the encoder's own business.
SLOW_NS = 600_000_000
SAMPLES = 40  # along the longer side
# Measured with Firefox 153: sharper pictures differ by 4 levels at most, half a pixel's sway by more than 8
# in four samples of a hundred.
LEVELS = 8
CHANGED_SHARE = 0.01


class RepeatDetector:
    """Looks at one track's pictures in order. Costs a few microseconds a picture."""

    def __init__(self) -> None:
        self._shown: NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self._arrival_ns = 0

    def is_repeat(self, luma: NDArray[np.uint8], arrival_ns: int) -> bool:
        """Whether a picture comes late and shows what the last one showed that was no repeat.

        ``luma``: u8 ``[height, width]``; the size may be another one than before.
        """
        step = max(1, max(luma.shape) // SAMPLES)
        sample = luma[step // 2 :: step, step // 2 :: step]
        waited_ns, self._arrival_ns = arrival_ns - self._arrival_ns, arrival_ns
        if waited_ns >= SLOW_NS and sample.shape == self._shown.shape and _alike(self._shown, sample):
            return True
        self._shown = sample.copy()
        return False


def _alike(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    apart = np.abs(before.astype(np.int16) - after)
    return bool(np.count_nonzero(apart > LEVELS) <= CHANGED_SHARE * apart.size)
