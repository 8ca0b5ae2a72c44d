"""What each of so many characters may be."""

import numpy as np
import pytest

from argusd.scheduler.models.outputs import ZONE_ALPHABET
from argusd.scheduler.tasks.documents.zone_odds import LineOdds, line_odds

from .recognised import recognised


def anything(length: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.ones((length, len(ZONE_ALPHABET)), np.bool_)


def text(odds: LineOdds | None) -> str:
    assert odds is not None
    return "".join(ZONE_ALPHABET[each] for each in odds.places.argmax(axis=1))


def test_a_line_of_its_own_length_is_itself() -> None:
    odds = line_odds(recognised("P<UTOX"), anything(6))
    assert text(odds) == "P<UTOX"
    assert odds is not None
    assert odds.places.sum(axis=1) == pytest.approx(np.ones(6))


def test_a_filler_that_was_lost_is_there_again() -> None:
    """Two fillers that ran into one: no blank between them, so that they count as one character."""
    steps = recognised("AB<<<<<<<C")
    merged = np.delete(steps, 14, axis=0)
    assert text(line_odds(merged, anything(10))) == "AB<<<<<<<C"


def test_the_true_length_is_the_likeliest() -> None:
    steps = recognised("AB<C<<")
    lengths = {length: line_odds(steps, anything(length)) for length in (5, 6, 7)}
    assert max(lengths, key=lambda each: getattr(lengths[each], "log_likelihood", -np.inf)) == 6


def test_what_may_not_stand_there_is_its_look_alike() -> None:
    allowed = anything(4)
    allowed[2] = [each.isalpha() for each in ZONE_ALPHABET]
    assert text(line_odds(recognised("UT0<"), allowed)) == "UTO<"


def test_a_line_of_fewer_steps_than_places_is_none() -> None:
    assert line_odds(recognised("A"), anything(4)) is None
