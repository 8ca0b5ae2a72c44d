"""The machine-readable zone of a page: its lines found among the page's, read once more where there is doubt.

A second reading looks at the same lines in other ways (with more or less around them, stretched); what a
character may be is the mean of what all looks say of it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...models.outputs import Box, TextBlock
from ...models.page_layout import Piece, text_lines
from ...models.strips import strip
from ...models.zone_lines import ONE_CHARACTER, around, zone_lines
from .mrz import Mrz, locate_mrz, understood
from .zone_decoding import Decoded, decoded, likeliest_zone
from .zone_odds import Steps

Look = Callable[[NDArray[np.uint8]], Steps | None]
HEIGHT = 64  # pixels of a line that is read again
MARGIN = 0.15  # of a line's height, by which a wider look is higher
STRETCH = 1.3


class ZoneLine(NamedTuple):
    """A line of a page that looks like a zone's. ``row``: its place among the page's lines.

    ``corners``: f64 ``[4, 2]`` around all of its ``blocks``.
    """

    row: int
    blocks: tuple[TextBlock, ...]
    corners: NDArray[np.float64]


def with_zone(
    blocks: Sequence[TextBlock],
    bgr: NDArray[np.uint8],
    look: Look,
    given_up: Callable[[], bool],
    today: date,
) -> tuple[list[TextBlock], Mrz | None]:
    """A page's text, the lines of its zone as they are told there, and the zone, None where there is none.

    Args:
        blocks: the page's text so far.
        bgr: the page, u8 ``[H, W, 3]``.
        look: reads a line again (see ``TextReader.zone_steps``).
        given_up: whether nobody waits for it any more.
        today: see ``mrz.find_mrz``.
    """
    lines = like_a_zone(blocks)
    found = _weighed(lines, bgr, look, given_up, _printed_beside(lines, blocks))
    if found is None:
        return _by_text(blocks, today)
    at, zone = found
    mrz = understood(zone, today)
    if not mrz.credible:
        return _by_text(blocks, today)
    told = {
        id(line.blocks[0]): line.blocks[0]._replace(
            text=text,
            confidence=max(zone.sure, line.blocks[0].confidence),
            corners=line.corners,
            upright=_box(line),
        )
        for line, text in zip(lines[at:], mrz.lines, strict=False)
    }
    left_out = {id(block) for line in lines[at : at + len(mrz.lines)] for block in line.blocks[1:]}
    return [told.get(id(block), block) for block in blocks if id(block) not in left_out], mrz


def _weighed(
    lines: Sequence[ZoneLine],
    bgr: NDArray[np.uint8],
    look: Look,
    given_up: Callable[[], bool],
    printed: str,
) -> tuple[int, Decoded] | None:
    """The zone, of a second reading where the first leaves a doubt."""
    first = [first_look(line, bgr, look) for line in lines]
    looks = [[steps] for steps in first if steps is not None]
    if len(looks) < len(lines):
        return None
    found = likeliest_zone(looks, printed)
    if found is None or found[1].number.proof == "proved" or given_up():
        return found
    at, zone = found
    again = range(at, at + zone.layout.lines)
    further = [[*looks[each], *further_looks(lines[each], bgr, look)] for each in again]
    second = decoded(zone.layout, further, printed)
    return (at, second) if second and second.sure > zone.sure else found


def _printed_beside(lines: Sequence[ZoneLine], blocks: Sequence[TextBlock]) -> str:
    """Letters and digits of all blocks but the zone's, a line for each."""
    zone = {id(block) for line in lines for block in line.blocks}
    others = [block.text.upper() for block in blocks if id(block) not in zone]
    return "\n".join(re.sub("[^A-Z0-9]", "", text) for text in others)


def _by_text(blocks: Sequence[TextBlock], today: date) -> tuple[list[TextBlock], Mrz | None]:
    """The same where a reader told no more than a text."""
    rows = rows_of(blocks)
    found = locate_mrz([" ".join(block.text for block in row) for row in rows], today)
    if found is None or not found.mrz.credible:
        return list(blocks), found and found.mrz
    zone = zip(rows[found.at :], found.mrz.lines, strict=False)
    texts = {id(row[0]): text for row, text in zone if len(row) == 1}
    return [block._replace(text=texts.get(id(block), block.text)) for block in blocks], found.mrz


def _box(line: ZoneLine) -> Box:
    return around([block.upright for block in line.blocks])


def rows_of(blocks: Sequence[TextBlock]) -> list[list[TextBlock]]:
    """The blocks of each line of a page, as ``text_lines`` has them."""
    known = {Piece(block.text, block.upright): block for block in blocks}
    return [[known[piece] for piece in line] for line in text_lines(list(known))]


def like_a_zone(blocks: Sequence[TextBlock]) -> list[ZoneLine]:
    """The lines that look like a zone's, from top to bottom, each from one end of the zone to the other."""
    places = {id(block): row for row, line in enumerate(rows_of(blocks)) for block in line}
    found = [[blocks[number] for number in line] for line in zone_lines(blocks)]
    lines = [ZoneLine(places[id(line[0])], tuple(line), _around(line)) for line in found]
    return _as_long(lines)


def _around(line: Sequence[TextBlock]) -> NDArray[np.float64]:
    first, last = line[0].corners, line[-1].corners
    return np.stack([first[0], last[1], last[2], first[3]])


def _as_long(lines: Sequence[ZoneLine]) -> list[ZoneLine]:
    """Each as long as the longest, where the detector left a character or more of it out."""
    if not lines:
        return []
    along = np.mean([line.corners[1] - line.corners[0] for line in lines], axis=0)
    length = float(np.linalg.norm(along))
    along /= max(length, 1.0)
    ends = [(line.corners[:, np.newaxis] @ along).ravel()[[0, 1]] for line in lines]
    left, right = min(end[0] for end in ends), max(end[1] for end in ends)
    return [
        line._replace(
            corners=_reaching(line.corners, along, left - end[0], right - end[1], length * ONE_CHARACTER)
        )
        for line, end in zip(lines, ends, strict=True)
    ]


def _reaching(
    corners: NDArray[np.float64], along: NDArray[np.float64], left: float, right: float, character: float
) -> NDArray[np.float64]:
    moved = corners.copy()
    if -left > character / 2:
        moved[[0, 3]] += left * along
    if right > character / 2:
        moved[[1, 2]] += right * along
    return moved


def first_look(line: ZoneLine, bgr: NDArray[np.uint8], look: Look) -> Steps | None:
    """The steps that the page's reading gave, or those of the line in one piece."""
    if len(line.blocks) == 1 and np.array_equal(line.corners, line.blocks[0].corners):
        return line.blocks[0].steps
    return look(strip(bgr, line.corners, HEIGHT))


def further_looks(line: ZoneLine, bgr: NDArray[np.uint8], look: Look) -> Iterator[Steps]:
    """The same line seen otherwise."""
    wider = _with_margin(line.corners, MARGIN)
    for seen in (
        strip(bgr, wider, HEIGHT),
        strip(bgr, _with_margin(line.corners, -MARGIN), HEIGHT),
        _stretched(strip(bgr, line.corners, HEIGHT)),
    ):
        steps = look(seen)
        if steps is not None:
            yield steps


def _with_margin(corners: NDArray[np.float64], margin: float) -> NDArray[np.float64]:
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2 * margin
    return np.asarray(corners + np.stack([-down, -down, down, down]), np.float64)


def _stretched(line: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(line, None, fx=STRETCH, fy=1, interpolation=cv2.INTER_CUBIC), np.uint8)
