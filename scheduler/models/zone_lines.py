"""Lines of a page that look like a machine-readable zone's, and their second reading.

A reader of text takes fillers for letters and capitals for small ones, and its detector breaks long lines
into pieces. Read as one piece, and of the alphabet that such lines have, they come out right.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Protocol

from ..tasks.layout import Piece, text_lines
from .outputs import Box

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
LENGTHS = range(22, 52)  # characters that are found of 30, 36 or 44
FEWEST_LINES = 2
FEWEST_FILLERS = 2
FILLERS = re.compile(r"[<«‹]")
OTHERS = re.compile(r"[^A-Za-z0-9<«‹\s]")
MOST_OTHERS = 3
CAPITALS = re.compile(r"[A-Z0-9]")
MOSTLY = 0.8  # of the characters of a line without fillers


class Block(Protocol):
    """A piece of text, and where it is on the upright page."""

    @property
    def text(self) -> str:
        """What was read."""

    @property
    def upright(self) -> Box:
        """Where."""


def like_zone(line: str) -> bool:
    """Whether a line has what a zone's has: fillers, or hardly anything but capitals and digits."""
    characters = re.sub(r"\s", "", line)
    if len(characters) not in LENGTHS or len(OTHERS.findall(characters)) > MOST_OTHERS:
        return False
    if len(FILLERS.findall(characters)) >= FEWEST_FILLERS:
        return True
    return " " not in line and len(CAPITALS.findall(characters)) >= MOSTLY * len(characters)


def zone_lines(blocks: Sequence[Block]) -> list[list[int]]:
    """Indices of the blocks of each line that looks like a zone's and has another such line beside it."""
    numbers = {Piece(block.text, block.upright): number for number, block in enumerate(blocks)}
    lines = text_lines(list(numbers))
    alike = groupby(lines, lambda line: like_zone(" ".join(piece.text for piece in line)))
    runs = [list(run) for zone, run in alike if zone]
    return [[numbers[piece] for piece in line] for run in runs if len(run) >= FEWEST_LINES for line in run]


def around(boxes: Sequence[Box]) -> Box:
    """The box of several."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )
