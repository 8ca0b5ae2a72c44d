"""What a recogniser says of lines, for tests: steps, sure of a text but for what a test has it doubt."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.models.outputs import ZONE_ALPHABET

SURE = 0.98


def recognised(text: str, doubts: Mapping[int, Mapping[str, float]] | None = None) -> NDArray[np.float32]:
    """Two steps a character and a blank one behind it, f32 ``[T, 1 + len(ZONE_ALPHABET)]``.

    ``doubts``: of a place, how likely which other characters are; they take that from the text's own.
    """
    rows = []
    for place, character in enumerate(text):
        row = np.zeros(1 + len(ZONE_ALPHABET), np.float32)
        others = (doubts or {}).get(place, {})
        row[1 + ZONE_ALPHABET.index(character)] = SURE - sum(others.values())
        for other, likely in others.items():
            row[1 + ZONE_ALPHABET.index(other)] = likely
        blank = np.zeros_like(row)
        blank[0] = SURE
        rows += [row, row, blank]
    return np.stack(rows)
