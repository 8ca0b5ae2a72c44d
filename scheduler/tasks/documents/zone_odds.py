"""What each character of a zone's line may be, given how many there are.

A recogniser tells step by step what it sees (see ``TextBlock.steps``), and loses one of two equal characters
now and then. But lines of a machine-readable zone have a known length. Over all ways in which just so many
characters can have given the steps, the forward-backward algorithm (Graves et al., ICML 2006) sums up how
likely each character is at each place.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...models.outputs import ZONE_ALPHABET

Steps = NDArray[np.float32]
Odds = NDArray[np.float64]
# Characters that are alike in the typeface of zones, and how often a recogniser that is sure of one of them
# has seen the other.
CONFUSED = {
    ("O", "0"): 0.05,
    ("I", "1"): 0.02,
    ("Z", "2"): 0.02,
    ("S", "5"): 0.02,
    ("B", "8"): 0.02,
    ("G", "6"): 0.02,
    ("D", "0"): 0.01,
    ("O", "Q"): 0.01,
    ("S", "8"): 0.01,
    ("<", "C"): 0.005,
    ("<", "K"): 0.005,
}
DOUBT = 1e-4  # of any character at any step: a recogniser is surer than it is right
LEAST = np.finfo(np.float64).tiny


class LineOdds(NamedTuple):
    """``places`` f64 ``[length, characters]``: how likely each character is at each place.

    ``log_likelihood``: of the steps to be a line of just this length and of characters that are allowed.
    """

    places: Odds
    log_likelihood: float


def line_odds(steps: Steps, allowed: NDArray[np.bool_]) -> LineOdds | None:
    """The odds of a line; None where there are fewer steps than places.

    Args:
        steps: f32 ``[T, 1 + characters]``, the blank first.
        allowed: bool ``[length, characters]``: what may stand at each place.
    """
    if len(steps) < len(allowed):
        return None
    likely = steps.astype(np.float64) + DOUBT
    likely[:, 1:] = likely[:, 1:] @ _confusions()
    likely /= likely.sum(axis=1, keepdims=True)
    ahead = _forward(likely, allowed)
    last = ahead.inside[-1, -1].sum() + ahead.blank[-1, -1]
    log_likelihood = float(ahead.logs[-1] + np.log(last + LEAST))
    return LineOdds(_places(ahead, _forward(likely[::-1], allowed[::-1])), log_likelihood)


class _Chart(NamedTuple):
    """How likely, at each step, is what.

    ``inside`` ``[T, length, characters]``: to be in a place's character. ``blank`` ``[T, 1 + length]``: in
    the blank behind so many places. Both are scaled to a sum of one; ``logs`` ``[T]``: the logarithm of what
    they were scaled by so far.
    """

    inside: Odds
    blank: Odds
    logs: Odds


def _forward(likely: Odds, allowed: NDArray[np.bool_]) -> _Chart:
    length, characters = allowed.shape
    inside = np.zeros((1 + len(likely), length, characters))
    blank = np.zeros((1 + len(likely), 1 + length))
    blank[0, 0] = 1.0
    scales = np.ones(1 + len(likely))
    for step, (none, *_) in enumerate(likely):
        here = inside[step]
        entered = np.repeat(blank[step, :-1, np.newaxis], characters, axis=1)
        # From another character; equal ones have a blank between them.
        entered[1:] += here[:-1].sum(axis=1, keepdims=True) - here[:-1]
        inside[step + 1] = (here + entered) * likely[step, 1:] * allowed
        blank[step + 1] = blank[step] * none
        blank[step + 1, 1:] += here.sum(axis=1) * none
        scales[step + 1] = inside[step + 1].sum() + blank[step + 1].sum()
        inside[step + 1] /= scales[step + 1]
        blank[step + 1] /= scales[step + 1]
    return _Chart(inside[1:], blank[1:], np.log(scales[1:]).cumsum())


def _places(ahead: _Chart, behind: _Chart) -> Odds:
    """Each place's character, counted at the step where it ends: a blank is next, another place, or nothing.

    ``behind`` is of the line read from its end.
    """
    inside, blank, logs = behind.inside[::-1, ::-1], behind.blank[::-1, ::-1], behind.logs[::-1]
    nexts = np.zeros_like(inside[1:])
    nexts[:, :-1] = inside[1:, 1:].sum(axis=2, keepdims=True) - inside[1:, 1:]
    onward = blank[1:, 1:, np.newaxis] + nexts
    weights = ahead.logs[:-1] + logs[1:]
    highest = max(float(weights.max()), float(ahead.logs[-1]))
    places = np.einsum("t,tpc,tpc->pc", np.exp(weights - highest), ahead.inside[:-1], onward)
    places[-1] += np.exp(ahead.logs[-1] - highest) * ahead.inside[-1, -1]
    return np.asarray(places / np.maximum(places.sum(axis=1, keepdims=True), LEAST), np.float64)


@cache
def _confusions() -> Odds:
    """How likely each character (column) is where one is seen (row)."""
    confused = np.zeros((len(ZONE_ALPHABET), len(ZONE_ALPHABET)))
    for (one, other), often in CONFUSED.items():
        places = ZONE_ALPHABET.index(one), ZONE_ALPHABET.index(other)
        confused[places] = confused[places[::-1]] = often
    return np.asarray(confused + np.diag(1 - confused.sum(axis=1)), np.float64)
