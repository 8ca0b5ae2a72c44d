"""Where pieces of text lie."""

import numpy as np
import pytest

from argusd.scheduler.models.outputs import Box
from argusd.scheduler.models.page_layout import Piece, below, quarters_of, right_of, text_lines

NAME = Piece("Name", Box(10, 10, 60, 30))
JANE = Piece("Jane Doe", Box(80, 12, 200, 32))
BORN = Piece("Born", Box(10, 50, 60, 70))
DATE = Piece("1 May 1990", Box(10, 75, 160, 95))


def test_lines_are_read_from_the_top_and_from_the_left() -> None:
    assert text_lines([DATE, JANE, BORN, NAME]) == [[NAME, JANE], [BORN], [DATE]]


def test_a_page_may_be_empty() -> None:
    assert text_lines([]) == []


def test_beside_and_below() -> None:
    pieces = [NAME, JANE, BORN, DATE]
    assert right_of(NAME, pieces) == JANE
    assert right_of(JANE, pieces) is None
    assert below(BORN, pieces, within=2.5) == DATE
    assert below(DATE, pieces, within=2.5) is None
    assert below(JANE, pieces, within=2.5) == DATE  # it overlaps, three quarters of a line further down
    assert below(JANE, pieces, within=1.0) is None


@pytest.mark.parametrize(
    ("along", "quarters"), [((9, 1), 0), ((-1, 9), 1), ((-9, -1), 2), ((1, -9), 3), ((9, -2), 0)]
)
def test_most_of_the_text_tells_how_a_page_lies(along: tuple[int, int], quarters: int) -> None:
    x, y = along
    piece = np.array([(0, 0), (x, y), (x - y / 9, y + x / 9), (-y / 9, x / 9)], float)
    noise = np.array([(0, 0), (2, 0), (2, 1), (0, 1)], float)
    assert quarters_of([noise, piece, piece]) == quarters
    assert quarters_of([]) == 0
