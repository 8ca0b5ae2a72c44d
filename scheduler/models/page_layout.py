"""Where pieces of text lie on a page: lines, and what stands beside or below what."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .outputs import Box

SAME_LINE = 0.5  # of the lower piece's height


class Piece(NamedTuple):
    """Text in an upright rectangle, in pixels or any other unit that is the same across and down."""

    text: str
    box: Box

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.box.bottom - self.box.top


def text_lines(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces as they are read: lines from top to bottom, each from left to right."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: _middle(piece.box)):
        if lines and on_one_line(lines[-1][-1], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda piece: piece.box.left) for line in lines]


def on_one_line(one: Piece, other: Piece) -> bool:
    """Whether their middles are at about the same height."""
    apart = abs(_middle(one.box) - _middle(other.box))
    return apart <= SAME_LINE * min(one.height, other.height)


def right_of(piece: Piece, pieces: Sequence[Piece]) -> Piece | None:
    """The next one on the same line."""
    beside = [other for other in pieces if other.box.left > piece.box.left and on_one_line(piece, other)]
    return min(beside, key=lambda other: other.box.left, default=None)


def below(piece: Piece, pieces: Sequence[Piece], within: float) -> Piece | None:
    """The nearest one that begins under it, within so many of its heights."""
    reach = piece.box.bottom + within * piece.height
    under = [
        other
        for other in pieces
        if _middle(piece.box) < other.box.top + other.height / 4 < reach
        and other.box.left < piece.box.right
        and other.box.right > piece.box.left
    ]
    return min(under, key=lambda other: other.box.top, default=None)


def quarters_of(corners: Sequence[NDArray[np.float64]]) -> int:
    """By how many quarters, clockwise as seen, most of the text is turned, 0 to 3; 0 where there is none.

    Args:
        corners: f64 ``[4, 2]`` of each piece, clockwise from the text's own upper left.
    """
    votes = [0.0] * 4
    for upper_left, upper_right, *_ in corners:
        along = upper_right - upper_left
        quarter = round(float(np.degrees(np.arctan2(along[1], along[0]))) / 90) % 4
        votes[quarter] += float(np.linalg.norm(along))
    return votes.index(max(votes))


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2
