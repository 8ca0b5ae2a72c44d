"""What a session's mouth did lately, on the sender's clock: how far it was open, and how it looked."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ..models.outputs import SeenMouth

KEPT_S = 9.0  # a window of sound, and what may come late
MOST_LOOKS = 600
LEAP_S = 2.0  # backwards: the sender's clock began anew
LATELY_S = 5.0
LOOKS_PER_S = 8  # the least that shows how a mouth moves with speech
MOVES = 0.012  # standard deviation, in widths between the eyes: a millimetre

NO_CROPS = np.zeros((0, 48, 96, 3), np.uint8)


class Mouth:
    """The looks of the last seconds. Overflow: the oldest go."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, float]] = deque(maxlen=MOST_LOOKS)
        self._crops: deque[tuple[float, NDArray[np.uint8]]] = deque(maxlen=MOST_LOOKS)

    def see(self, captured_s: float, opened: float) -> None:
        """Take one look in."""
        if self._looks and captured_s < self._looks[-1][0] - LEAP_S:
            self._looks.clear()
            self._crops.clear()
        self._looks.append((captured_s, opened))
        while self._looks[0][0] < captured_s - KEPT_S:
            self._looks.popleft()

    def keep(self, captured_s: float, crop: NDArray[np.uint8]) -> None:
        """Take one picture of it in, u8 ``[48, 96, 3]``."""
        self._crops.append((captured_s, crop))
        while self._crops[0][0] < captured_s - KEPT_S:
            self._crops.popleft()

    @property
    def visible(self) -> bool:
        """Whether it was seen often enough lately to tell how it moves."""
        return len(self._lately()) >= LOOKS_PER_S * LATELY_S

    @property
    def moving(self) -> bool:
        """Whether it did more lately than a closed mouth in a noisy picture does."""
        return self.visible and float(np.std(self._lately())) >= MOVES

    def since(self, begins_s: float) -> SeenMouth:
        """All that is known from ``begins_s`` on."""
        looks = np.array(sorted(look for look in self._looks if look[0] >= begins_s)).reshape(-1, 2)
        crops = sorted((crop for crop in self._crops if crop[0] >= begins_s), key=lambda crop: crop[0])
        return SeenMouth(
            times=looks[:, 0] - begins_s,
            openings=looks[:, 1],
            crop_times=np.array([when - begins_s for when, _ in crops]),
            crops=np.stack([crop for _, crop in crops]) if crops else NO_CROPS,
        )

    def _lately(self) -> list[float]:
        if not self._looks:
            return []
        newest = self._looks[-1][0]
        return [opened for when, opened in self._looks if when >= newest - LATELY_S]
