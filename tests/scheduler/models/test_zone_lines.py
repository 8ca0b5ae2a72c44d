"""Which lines of a page are read again as a machine-readable zone's."""

from typing import NamedTuple

import pytest

from argusd.scheduler.models.outputs import Box
from argusd.scheduler.models.zone_lines import around, as_long_as, like_zone, zone_lines


class Block(NamedTuple):
    text: str
    upright: Box


def page(*lines: tuple[str, ...]) -> list[Block]:
    """Lines of pieces, one below the other."""
    return [
        Block(text, Box(200 * across, 30 * down, 200 * across + 190, 30 * down + 20))
        for down, line in enumerate(lines)
        for across, text in enumerate(line)
    ]


FIRST, SECOND = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        (FIRST, True),
        ("Caoooooo<4d<<6408125F1802212<<<<<<<<<<<<<<<6", True),
        ("5998527<<4LUX7806201F 11080840306002104 1 < <<96", True),
        ("555123ABC6GBR6502056F0412236IFLNDOOAMS803085", True),
        ("PUBLIC<<JON<<< <~ <<<<<<<", True),
        ('<div class="a"> <span>text</span> </div>', False),
        ("BUNDESREPUBLIK DEUTSCHLAND REISEPASS", False),
        ("Internationalization of characters", False),
        ("if (a < b && b << 2) { return c; }", False),
        ("<<<", False),
        ("", False),
    ],
)
def test_a_line_of_a_zone(line: str, zone: bool) -> None:
    assert like_zone(line) is zone


def test_a_zone_has_several_lines_in_whatever_pieces() -> None:
    blocks = page(("PASSPORT", "UTO"), (FIRST[:30], FIRST[30:]), (SECOND,), ("12 Aug 1974",))
    assert zone_lines(blocks) == [[2, 3], [4]]


def test_one_line_alone_is_none() -> None:
    assert zone_lines(page(("PASSPORT",), (FIRST,), ("Utopia",))) == []
    assert zone_lines([]) == []


def test_a_line_just_as_long_as_a_sure_one_is_the_zone_s_as_well() -> None:
    blocks = page(("PASSPORT",), (FIRST,), ("l898 902c3 6ut0 7408 122f 1204 159",), ("12 Aug 1974",))
    assert zone_lines(blocks) == [[1], [2]]
    blocks[2] = blocks[2]._replace(upright=blocks[2].upright._replace(right=150))
    assert zone_lines(blocks) == []


def test_a_line_is_read_from_end_to_end_where_some_of_it_was_left_out() -> None:
    zone = Box(0, 0, 440, 50)
    assert as_long_as(zone, Box(12, 30, 300, 50)) == Box(0, 30, 440, 50)
    assert as_long_as(zone, Box(4, 30, 437, 50)) == Box(4, 30, 437, 50)


def test_the_box_around_pieces() -> None:
    assert around([Box(1, 2, 3, 4), Box(0, 3, 2, 9)]) == Box(0, 2, 3, 9)
