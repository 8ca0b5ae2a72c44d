"""What a recogniser with connectionist temporal classification says of a line (Graves et al., ICML 2006).

It gives, step by step from left to right, how likely each character is, or none (the "blank", which stands
first). A character lasts as long as it is the likeliest; two equal ones have a blank between them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..outputs import ZONE_ALPHABET

# What is read where a zone has a filler; capitals and small letters are one.
FILLER_SIGNS = "‹«く〈《＜"


def likeliest(steps: NDArray[np.float32], characters: Sequence[str]) -> tuple[str, float]:
    """The text by the likeliest character of each step, and the mean likelihood of its characters.

    Args:
        steps: f32 ``[T, 1 + len(characters)]``.
        characters: all but the blank, in the order of the columns.
    """
    best = steps.argmax(axis=1)
    begins = (best > 0) & np.concatenate([[True], best[1:] != best[:-1]])
    if not begins.any():
        return "", 0.0
    text = "".join(characters[each - 1] for each in best[begins])
    return text, float(steps.max(axis=1)[begins].mean())


class ZoneColumns:
    """Which of a recogniser's columns stand for the characters of a machine-readable zone."""

    def __init__(self, characters: Sequence[str]) -> None:
        signs = dict.fromkeys(FILLER_SIGNS, "<")
        columns = [(at, signs.get(each, each.upper())) for at, each in enumerate(characters, start=1)]
        self._of = [
            np.array([at for at, each in columns if each == character], np.intp)
            for character in ZONE_ALPHABET
        ]

    def steps(self, steps: NDArray[np.float32]) -> NDArray[np.float32]:
        """f32 ``[T, 1 + len(ZONE_ALPHABET)]``, the blank first; what is none of them is left out."""
        columns = [steps[:, 0], *(steps[:, places].sum(axis=1) for places in self._of)]
        return np.stack(columns, axis=1).astype(np.float32)
