"""Lines of a page that look like a machine-readable zone's, and their second reading.

A reader of text takes fillers for letters and capitals for small ones, and its detector breaks long lines
into pieces. Read as one piece, and of the alphabet that such lines have, they come out right.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from .outputs import Box
from .page_layout import Piece, text_lines

LENGTHS = range(22, 52)  # characters that are found of 30, 36 or 44
FEWEST_FILLERS = 2
MANY_FILLERS = 6  # that nothing else has
ONE_CHARACTER = 1 / 44  # of the longest line
SAME_ENDS = 0.05  # of a line's length
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
    if not _is_long(line) or len(OTHERS.findall(characters)) > MOST_OTHERS:
        return False
    if len(FILLERS.findall(characters)) >= FEWEST_FILLERS:
        return True
    return " " not in line and len(CAPITALS.findall(characters)) >= MOSTLY * len(characters)


def zone_lines(blocks: Sequence[Block]) -> list[list[int]]:
    """Indices of the blocks of each line of a zone: lines that look like one's, and have others beside them
    that do, or that are just as long."""
    numbers = {Piece(block.text, block.upright): number for number, block in enumerate(blocks)}
    lines = text_lines(list(numbers))
    texts = [" ".join(piece.text for piece in line) for line in lines]
    boxes = [around([piece.box for piece in line]) for line in lines]
    sure = {at for at, text in enumerate(texts) if len(FILLERS.findall(text)) >= MANY_FILLERS}
    zone = {
        at
        for at, text in enumerate(texts)
        if like_zone(text)
        or (_is_long(text) and any(_as_long(boxes[at], boxes[each]) for each in sure & {at - 1, at + 1}))
    }
    beside = [at for at in sorted(zone) if at - 1 in zone or at + 1 in zone]
    return [[numbers[piece] for piece in lines[at]] for at in beside]


def _is_long(line: str) -> bool:
    return len(re.sub(r"\s", "", line)) in LENGTHS


def _as_long(one: Box, other: Box) -> bool:
    apart = max(abs(one.left - other.left), abs(one.right - other.right))
    return apart <= SAME_ENDS * (other.right - other.left)


def as_long_as(zone: Box, line: Box) -> Box:
    """A line of a zone, from end to end where the detector left a character or more of it out."""
    character = ONE_CHARACTER * (zone.right - zone.left)
    left = zone.left if line.left - zone.left > character / 2 else line.left
    right = zone.right if zone.right - line.right > character / 2 else line.right
    return line._replace(left=left, right=right)


def around(boxes: Sequence[Box]) -> Box:
    """The box of several; of none, nothing."""
    if not boxes:
        return Box(0, 0, 0, 0)
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )
