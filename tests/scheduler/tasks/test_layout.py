"""Where pieces of text lie."""

from argusd.scheduler.models.outputs import Box
from argusd.scheduler.tasks.layout import Piece, below, right_of, text_lines

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
