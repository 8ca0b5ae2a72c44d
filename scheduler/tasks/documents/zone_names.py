"""The likeliest names in a zone's field: words, one ``<<`` between surname and given names, and padding.

Nothing but padding follows padding (ICAO Doc 9303, part 3, 4.6), so a letter among fillers behind the names
is one itself, and of several readings the one that is a name is likelier. Viterbi's algorithm finds it.
"""

from typing import NamedTuple

import numpy as np

from ...models.outputs import ZONE_ALPHABET
from .zone_odds import LEAST, Odds

AT_FILLER = ZONE_ALPHABET.index("<")


class _State(NamedTuple):
    """``filler``: whether it is one. ``follows``: from which states, and how likely from there."""

    filler: bool
    follows: tuple[tuple[int, float], ...]


SURNAME, SPACE, FIRST, BREAK, GIVEN, GIVEN_SPACE, PADDING, LONE = range(8)
# A word has about seven letters; a third of people have a second one. One in fifty has no given names.
# A letter is not made less likely for being one of 26: what is hardly legible at a name's end is no padding.
STATES = (
    _State(False, ((SURNAME, 0.86), (SPACE, 1.0))),
    _State(True, ((SURNAME, 0.04),)),
    _State(True, ((SURNAME, 0.098),)),
    _State(True, ((FIRST, 1.0),)),
    _State(False, ((BREAK, 1.0), (GIVEN, 0.86), (GIVEN_SPACE, 1.0))),
    _State(True, ((GIVEN, 0.05),)),
    _State(True, ((GIVEN, 0.09), (PADDING, 1.0), (LONE, 1.0))),
    _State(True, ((SURNAME, 0.002),)),
)


def likeliest_names(odds: Odds) -> str:
    """The text of a field of names, given how likely each character is at each of its places.

    Args:
        odds: f64 ``[places, characters]``.
    """
    letters = odds[:, :AT_FILLER]
    seen = np.log(np.stack([letters.max(axis=1), odds[:, AT_FILLER]], axis=1) + LEAST)
    score = np.full(len(STATES), -np.inf)
    score[SURNAME] = seen[0, 0]
    came = []
    for place in seen[1:]:
        steps = [[(score[each] + np.log(likely), each) for each, likely in state.follows] for state in STATES]
        best = [max(each) for each in steps]
        came.append([before for _, before in best])
        score = np.array(
            [so_far + place[int(state.filler)] for (so_far, _), state in zip(best, STATES, strict=True)]
        )
    state = int(score.argmax())
    path = [state]
    for before in reversed(came):
        state = before[state]
        path.append(state)
    best_letters = letters.argmax(axis=1)
    return "".join(
        "<" if STATES[each].filler else ZONE_ALPHABET[letter]
        for each, letter in zip(reversed(path), best_letters, strict=True)
    )
