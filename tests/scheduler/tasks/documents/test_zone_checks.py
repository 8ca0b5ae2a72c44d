"""The likeliest zone whose check digits are right."""

import numpy as np
import pytest

from argusd.scheduler.models.outputs import ZONE_ALPHABET
from argusd.scheduler.tasks.documents.mrz_layouts import Equation
from argusd.scheduler.tasks.documents.mrz_number import check_digit
from argusd.scheduler.tasks.documents.zone_checks import Equations, best, likelihood
from argusd.scheduler.tasks.documents.zone_odds import Odds

NUMBER = "L898902C3"
ZONE = NUMBER + check_digit(NUMBER)
FIELD = Equation((*range(9),), 9)
ALONE = Equations(10, [FIELD], None)


def odds(text: str, **others: float) -> Odds:
    """Of a text, and of others at a place: ``Z4=0.2``."""
    found = np.zeros((len(text), len(ZONE_ALPHABET)))
    for place, character in enumerate(text):
        found[place, ZONE_ALPHABET.index(character)] = 1.0
    for name, likely in others.items():
        found[int(name[1:]), ZONE_ALPHABET.index(name[0])] = likely
    return found


def test_a_zone_whose_digits_are_right_stays() -> None:
    assert likelihood(odds(ZONE), ALONE) == 1
    assert best(odds(ZONE), ALONE) == ZONE


def test_a_zone_whose_digits_are_wrong_is_not_possible() -> None:
    assert likelihood(odds("M898902C36"), ALONE) == 0


def test_of_two_doubts_the_one_that_the_digit_asks_for() -> None:
    """A B for the 8, which is no solution, is likelier than the 0 for the letter O, which is."""
    seen = odds("L8989O2C36", B1=0.5, **{"05": 0.1})
    assert best(seen, ALONE) == ZONE
    assert likelihood(seen, ALONE) == pytest.approx(0.1)


def test_a_composite_digit_decides_between_readings_that_the_field_s_own_allows() -> None:
    """To the digit behind them 1 and L are alike; in the composite message they have another weight."""
    field = "L23" + check_digit("L23")
    whole = Equation((0, 4, 1, 2), 5)
    right = f"{field}9"
    digit = check_digit("L923")
    seen = odds(right + digit, **{"10": 0.9})
    assert best(seen, Equations(6, [Equation((0, 1, 2), 3)], whole)) == right + digit


def test_a_filler_is_a_digit_of_an_empty_field() -> None:
    empty = odds("<" * 10)
    assert best(empty, ALONE) == "<" * 10
