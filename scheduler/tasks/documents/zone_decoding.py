"""A zone from what a recogniser says of its lines, all at once: ``zone_odds.py`` for the places of each line,
``zone_checks.py`` for the check digits."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...models.outputs import ZONE_ALPHABET
from .mrz_layouts import FILLER, LAYOUTS, Equation, Layout
from .mrz_number import SHORTEST_PRINT, Number, Proof, check_digit
from .zone_checks import Equations, best, likelihood
from .zone_names import likeliest_names
from .zone_odds import LEAST, LineOdds, Odds, Steps, line_odds

FIGURES = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MISPRINTED = 0.01  # of documents: their own check digits are wrong, as on specimens
PROVED = 0.9
SEEN = 0.004  # how likely each character of a printed number is to be the zone's, at least
UNLIKE = 0.01  # how often a number that is printed so much alike is another one
TOLD = 0.5  # how sure a number is at least, to be told at all
PLAUSIBLE = -30.0  # logarithm of the likelihood below which lines are no zone


class Decoded(NamedTuple):
    """``text``: all lines in a row. ``likelihood``: a logarithm, of the lines to be of this format.

    ``sure``: how likely the number is the one in ``text``.
    """

    layout: Layout
    text: str
    likelihood: float
    number: Number
    sure: float


def decoded(layout: Layout, lines: Sequence[Sequence[Steps]], printed: str = "") -> Decoded | None:
    """The zone in lines of this format, given by the steps of all looks at each.

    None where a line is shorter than the format's. ``printed``: letters and digits of the rest of the page,
    line by line; a number that stands there as well has two witnesses.
    """
    allowed = _allowed(layout).reshape(layout.lines, layout.length, -1)
    found = [_of_looks(looks, places) for looks, places in zip(lines, allowed, strict=True)]
    if not all(found):
        return None
    odds = np.vstack([np.mean([look.places for look in looks], axis=0) for looks in found])
    as_read = "".join(ZONE_ALPHABET[at] for at in odds.argmax(axis=1))
    equations = _equations(layout, as_read)
    odds = _witnessed(odds, equations.fields[0].message, printed)
    as_read = "".join(ZONE_ALPHABET[at] for at in odds.argmax(axis=1))
    wrong = sum(not _fits(as_read, each) for each in equations.all)
    right = likelihood(odds, equations)
    # Chance would have each of the digits that disagree right in one case of ten.
    as_standard = right * 10.0**wrong / (right * 10.0**wrong + MISPRINTED)
    likeliest = best(odds, equations)
    share = _likelihood_of(odds, likeliest, equations.checked) / max(right, LEAST)
    text = likeliest if as_standard * share > 0.5 else as_read
    if layout.given is None:  # where names have two places, they are part of what the composite digit is of
        names = likeliest_names(odds[layout.names.start : layout.names.end])
        text = text[: layout.names.start] + names + text[layout.names.end :]
    where = layout.number_places(text)
    given = _given(odds, where.message, text)
    sure = as_standard * likelihood(given, equations) / max(right, LEAST)
    sure += (1 - as_standard) * float(np.prod(given[list(where.message)].max(axis=1)))
    proof: Proof = "failed" if not _fits(text, where) else "proved" if sure >= PROVED else "unproved"
    number = Number(where.of(text).rstrip(FILLER), text[where.digit], proof)
    fits = sum(float(np.mean([look.log_likelihood for look in looks])) for looks in found)
    return Decoded(layout, text, fits, number, sure)


def likeliest_zone(lines: Sequence[Sequence[Steps]], printed: str = "") -> tuple[int, Decoded] | None:
    """The first line of a zone among these, and what it is; None where no lines are likely to be one.

    ``printed``: see ``decoded``.
    """
    zones = [
        (at, zone)
        for at in range(len(lines))
        for layout in LAYOUTS
        if at + layout.lines <= len(lines)
        and (zone := decoded(layout, lines[at : at + layout.lines], printed))
        if zone.likelihood > PLAUSIBLE and re.match(layout.begins, zone.text)
    ]
    return max(zones, key=lambda found: found[1].likelihood, default=None)


def _of_looks(looks: Sequence[Steps], allowed: NDArray[np.bool_]) -> list[LineOdds]:
    odds = (line_odds(steps, allowed) for steps in looks)
    return [each for each in odds if each is not None]


def _witnessed(odds: Odds, places: Sequence[int], printed: str) -> Odds:
    """The odds of a number that is printed elsewhere too, where each of its characters may be the zone's."""
    numbers = {
        number.ljust(len(places), FILLER)
        for line in printed.splitlines()
        for number in re.findall(f"(?=([A-Z0-9]{{{SHORTEST_PRINT},{len(places)}}}))", line)
    }
    columns = {number: [ZONE_ALPHABET.index(each) for each in number] for number in numbers}
    of_number = odds[list(places)]
    rows = range(len(places))
    likely = {each: of_number[rows, at] for each, at in columns.items() if of_number[rows, at].min() >= SEEN}
    if not likely:
        return odds
    number = max(likely, key=lambda each: float(likely[each].prod()))
    witnessed = odds.copy()
    witnessed[list(places)] *= UNLIKE
    witnessed[list(places), columns[number]] += 1 - UNLIKE
    return witnessed


def _equations(layout: Layout, text: str) -> Equations:
    spans = [span for span in (layout.born, layout.expires, layout.personal) if span]
    fields = [layout.number_places(text), *(Equation((*span.places,), span.end) for span in spans)]
    return Equations(layout.lines * layout.length, fields, layout.composite)


def _fits(text: str, equation: Equation) -> bool:
    digit = text[equation.digit].replace(FILLER, "0")  # of a field that is left out
    return check_digit(equation.of(text)) == digit


def _likelihood_of(odds: Odds, text: str, places: Iterable[int]) -> float:
    return float(np.prod([odds[place, ZONE_ALPHABET.index(text[place])] for place in places]))


def _given(odds: Odds, places: Sequence[int], text: str) -> Odds:
    """The odds of what is in the text at these places, and of nothing else there."""
    given = odds.copy()
    for place in places:
        at = ZONE_ALPHABET.index(text[place])
        given[place] = 0
        given[place, at] = odds[place, at]
    return given


@cache
def _allowed(layout: Layout) -> NDArray[np.bool_]:
    """What may stand at each place: bool ``[places, characters]``."""
    anything = ZONE_ALPHABET
    places = [anything] * (layout.lines * layout.length)
    for place in layout.letters:
        places[place] = LETTERS + FILLER
    for place in layout.digits:
        places[place] = FIGURES
    for span in (layout.born, layout.expires):
        for place in span.places if span else ():
            places[place] = FIGURES + FILLER
    for span in (layout.number, layout.personal):
        if span is not None:
            continues = span is layout.personal or layout.more
            places[span.end] = FIGURES + (FILLER if continues else "")
    places[layout.sex] = "MFX" + FILLER
    places[0] = layout.kinds
    return np.array([[each in here for each in ZONE_ALPHABET] for here in places])
