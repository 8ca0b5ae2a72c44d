"""The likeliest names of a zone's field."""

import pytest

from argusd.scheduler.models.outputs import ZONE_ALPHABET
from argusd.scheduler.tasks.documents.zone_names import likeliest_names
from argusd.scheduler.tasks.documents.zone_odds import line_odds

from .recognised import recognised
from .test_zone_odds import anything

CERTAIN = [
    "ERIKSSON<<ANNA<MARIA<<<<<<<",
    "SMITH<JONES<<LI<<<<<<<<<<<<",
    "ARKFREITH<<<<<<<<<<<<<<<<<<",
    "SZCZEPANSKA<OKONKWO<MUELLER",
    "ECCLES<<KEES<K<<<<<<<<<<<<<",
]


def names(text: str, doubts: dict[int, dict[str, float]] | None = None) -> str:
    odds = line_odds(recognised(text, doubts), anything(len(text)))
    assert odds is not None
    assert odds.places.shape == (len(text), len(ZONE_ALPHABET))
    return likeliest_names(odds.places)


@pytest.mark.parametrize("field", CERTAIN)
def test_names_that_are_clear_stay(field: str) -> None:
    assert names(field) == field


def test_a_letter_in_the_padding_is_padding() -> None:
    assert names("ERIKSSON<<ANNA<<<<<<K<<<<<<", {20: {"<": 0.05}}) == "ERIKSSON<<ANNA<<<<<<<<<<<<<"


def test_a_letter_that_may_be_the_second_of_two_fillers_is_it() -> None:
    """Hardly anybody has two surnames and no given name."""
    assert names("KOWALSKA<CANNA<<<<<<<<<<<<<", {9: {"<": 0.2}}) == "KOWALSKA<<ANNA<<<<<<<<<<<<<"
