"""The likeliest characters of a zone whose check digits are right, and how likely they are.

All check digits are weighed at once: from the first place to the last, only the remainders of the field that
is being read and of the composite digit's message matter, a hundred states. So nothing is repaired
afterwards: a character is taken for another one where the recogniser thought of it, and where the digits ask
for it.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...models.outputs import ZONE_ALPHABET
from .mrz_layouts import FILLER, Equation
from .mrz_number import WEIGHTS
from .zone_odds import LEAST, Odds

VALUES = np.array([0 if each == FILLER else int(each, 36) for each in ZONE_ALPHABET])
REMAINDERS = range(10)
FIELD, WHOLE = np.indices((10, 10))
OF_VALUE = [np.flatnonzero(np.equal(VALUES % 10, value)) for value in REMAINDERS]
DIGITS = np.array([ZONE_ALPHABET.index(str(digit)) for digit in REMAINDERS])

State = TypeVar("State", int, NDArray[np.intp])  # remainders, or a table of them


class Equations(NamedTuple):
    """Of a zone of ``places``: of fields that don't overlap, and one of most of the zone, if any."""

    places: int
    fields: Sequence[Equation]
    composite: Equation | None

    @property
    def all(self) -> list[Equation]:
        """Those of fields, and the composite one."""
        return [*self.fields, *([self.composite] if self.composite else [])]

    @property
    def checked(self) -> set[int]:
        """The places that are part of any."""
        return {place for equation in self.all for place in (*equation.message, equation.digit)}


def likelihood(odds: Odds, equations: Equations) -> float:
    """How likely all check digits are to be right."""
    return float(_Steps(odds, equations).total())


def best(odds: Odds, equations: Equations) -> str:
    """The likeliest zone whose check digits are right."""
    return _Steps(odds, equations).likeliest()


class _Steps:
    """From place to place: the remainder of the field's message so far, and that of the composite one."""

    def __init__(self, odds: Odds, equations: Equations) -> None:
        self._odds = odds
        self._field_weights = _weights(equations.places, equations.fields)
        composite = [equations.composite] if equations.composite else []
        self._whole_weights = _weights(equations.places, composite)
        self._field_digits = {equation.digit for equation in equations.fields}
        self._whole_digits = {equation.digit for equation in composite}

    def total(self) -> float:
        table = _begin()
        for place, row in enumerate(self._odds):
            of_value = np.array([row[places].sum() for places in OF_VALUE])
            table = self._reached(table, place, row, of_value).sum(axis=0)
        return float(table[0, :].sum())

    def likeliest(self) -> str:
        table, chosen = _begin(), []
        for place, row in enumerate(self._odds):
            of_value = np.array([row[places].max() for places in OF_VALUE])
            reached = self._reached(table, place, row, of_value)
            chosen.append(reached.argmax(axis=0))
            table = reached.max(axis=0)
            table /= max(float(table.max()), LEAST)
        field, whole = divmod(int(table.argmax()), 10)
        text = []
        for place in reversed(range(len(self._odds))):
            value = int(chosen[place][field, whole])
            text.append(self._character(place, value))
            field, whole = self._before(place, field, whole, value)
        return "".join(reversed(text))

    def _reached(self, table: Odds, place: int, row: Odds, of_value: Odds) -> Odds:
        """How likely each state is behind a place, by the value that stands there: ``[10, 10, 10]``."""
        reached = np.zeros((10, 10, 10))
        is_digit = place in self._field_digits or place in self._whole_digits
        for value in REMAINDERS:
            likely = _of_digit(row, value) if is_digit else of_value[value]
            field, whole = self._before(place, FIELD, WHOLE, value)
            reached[value] = likely * table[field, whole]
        if place in self._field_digits:
            reached[:, 1:, :] = 0
        if place in self._whole_digits:
            reached[:, :, 1:] = 0
        return reached

    def _before(self, place: int, field: State, whole: State, value: int) -> tuple[State, State]:
        """The state from which a value leads to this one."""
        if place in self._whole_digits:
            return field, value + 0 * whole
        whole = (whole - self._whole_weights[place] * value) % 10
        if place in self._field_digits:
            return value + 0 * field, whole
        return (field - self._field_weights[place] * value) % 10, whole

    def _character(self, place: int, value: int) -> str:
        row = self._odds[place]
        if place in self._field_digits or place in self._whole_digits:
            filler = len(ZONE_ALPHABET) - 1
            return FILLER if value == 0 and row[filler] > row[DIGITS[0]] else str(value)
        return ZONE_ALPHABET[max(OF_VALUE[value], key=lambda at: float(row[at]))]


def _of_digit(row: Odds, value: int) -> float:
    """A check digit; a filler stands for none, and for 0."""
    return float(row[DIGITS[value]] + (row[-1] if value == 0 else 0))


def _begin() -> Odds:
    table = np.zeros((10, 10))
    table[0, 0] = 1.0
    return table


def _weights(places: int, equations: Sequence[Equation]) -> NDArray[np.intp]:
    weights = np.zeros(places, np.intp)
    for equation in equations:
        for number, place in enumerate(equation.message):
            weights[place] = WEIGHTS[number % 3]
    return weights
