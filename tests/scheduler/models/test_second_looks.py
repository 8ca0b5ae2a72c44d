"""Where to look again, and what all looks show together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.core import Roi
from argusd.scheduler.models.outputs import Box, Thing
from argusd.scheduler.models.second_looks import (
    Look,
    agreed,
    at_hand,
    cut,
    cut_persons,
    doubtful,
    merged,
    persons_hands,
    regions,
    tiles,
    within,
)

WIDE = (640, 480)
SITS = Thing("person", 0.8, Box(100, 60, 500, 480))
TILE = Roi(192, 192, 384)
BEHIND = Box(10, 30, 90, 250)


AT_HANDS = Box(300, 330, 340, 370)


def phone(score: float, box: Box = AT_HANDS) -> Thing:
    return Thing("cell phone", score, box)


@given(width=st.integers(16, 4000), height=st.integers(16, 4000), data=st.data())
def test_tiles_show_every_thing_of_a_tenth_of_the_picture_whole(
    width: int, height: int, data: st.DataObject
) -> None:
    size = max(width, height) / 10
    x = data.draw(st.floats(0, max(0.0, width - size)))
    y = data.draw(st.floats(0, max(0.0, height - size)))
    box = Box(x, y, min(width, x + size), min(height, y + size))
    assert any(
        tile.center_x - tile.size / 2 <= box.left + 1e-6
        and tile.center_y - tile.size / 2 <= box.top + 1e-6
        and tile.center_x + tile.size / 2 >= box.right - 1e-6
        and tile.center_y + tile.size / 2 >= box.bottom - 1e-6
        for tile in tiles(width, height)
    )


def test_hands_of_who_sits_are_low_and_on_the_desk_and_of_who_stands_halfway() -> None:
    hands, head = at_hand(Box(100, 0, 500, 400))
    assert (hands.center_x, head.center_x) == (300, 300)
    assert hands.center_y + hands.size / 2 == pytest.approx(445), "below the box lies the desk"
    assert head.center_y - head.size / 2 < 0, "what is above the head is seen too"
    hands, head = at_hand(Box(0, 0, 100, 400))
    assert (hands, head) == (Roi(50, 200, 200), Roi(50, 84, 200))


def test_regions_stay_in_the_picture_as_far_as_they_fit() -> None:
    assert within(Roi(0, 470, 100), *WIDE) == Roi(50, 430, 100)
    assert within(Roi(10, 10, 500), *WIDE) == Roi(250, 240, 500)


def test_the_largest_persons_come_first_and_the_unsure_have_no_hands() -> None:
    far = Thing("person", 0.9, BEHIND)
    unsure = Thing("person", 0.25, Box(500, 0, 640, 480))
    assert persons_hands([far, unsure, SITS], *WIDE) == [
        within(region, *WIDE) for box in (SITS.box, far.box) for region in at_hand(box)
    ]
    assert regions([], *WIDE) == tiles(*WIDE)


def test_where_a_phone_is_doubtful_those_regions_tell_that_show_it_whole() -> None:
    hands, head = persons_hands([SITS], *WIDE)
    there = doubtful([SITS, phone(0.2)], *WIDE)
    assert hands in there
    assert head not in there
    assert doubtful([SITS], *WIDE) == []


def test_what_an_edge_of_the_region_cuts_is_no_thing_but_the_picture_s_own_edge_cuts_nothing() -> None:
    assert cut(Box(300, 100, 384, 200), TILE, *WIDE)
    assert cut(Box(100, 381, 200, 390), TILE, *WIDE)
    assert not cut(Box(-3, -2, 100, 200), TILE, *WIDE)
    assert not cut(Box(300, 100, 372, 200), TILE, *WIDE)
    halves = [Look(TILE, [Thing("person", 0.7, Box(300, 100, 384, 300))])]
    assert merged([], halves, *WIDE) == []


def test_looks_that_agree_are_surer_together_and_one_alone_is_less_sure_than_it_looks() -> None:
    looks = [Look(Roi(320, 300 + 5 * number, 360), [phone(0.25)]) for number in range(4)]
    assert [thing.score for thing in agreed([SITS], looks[:1], *WIDE).things] == [
        pytest.approx(0.152, abs=1e-3)
    ]
    together = agreed([SITS, phone(0.25)], looks, *WIDE)
    assert [thing.score for thing in together.things] == [pytest.approx(0.634, abs=1e-3)] * 5
    [person, held] = merged([SITS], [*looks, together], *WIDE)
    assert (person, held.box) == (SITS, AT_HANDS)
    assert merged([SITS], looks, *WIDE) == [SITS]


def test_even_odds_together_are_a_score_of_0_35() -> None:
    halves = [Look(Roi(320, 300, 360), [phone(1 - 0.5**0.5)])] * 2
    assert agreed([SITS], halves, *WIDE).things[0].score == pytest.approx(0.35)


def test_what_nobody_reaches_is_as_likely_as_it_looks() -> None:
    on_the_shelf = Look(Roi(320, 240, 640), [phone(0.3, Box(630, 20, 638, 40))])
    assert agreed([SITS], [on_the_shelf] * 5, *WIDE).things == []
    assert agreed([SITS._replace(score=0.25)], [Look(Roi(320, 300, 360), [phone(0.3)])], *WIDE).things == []


def test_what_two_looks_saw_counts_once_as_sure_as_the_surer_one() -> None:
    faint, clear = phone(0.4, Box(20, 400, 60, 440)), phone(0.6, Box(22, 402, 62, 442))
    corner = Roi(192, 288, 384)
    assert merged([faint], [Look(corner, [clear])], *WIDE) == [faint._replace(score=0.6)]
    assert merged([clear], [Look(corner, [faint])], *WIDE) == [clear]


def test_a_surer_look_at_a_part_of_a_person_makes_no_room_for_another_one() -> None:
    body = Thing("person", 0.9, Box(200, 200, 480, 480))
    arm = Thing("person", 0.6, Box(100, 60, 220, 470))
    looks = [Look(Roi(320, 240, 640), [body, arm])]
    assert merged([SITS], looks, *WIDE) == [SITS._replace(score=0.9)]


def test_a_part_of_a_known_person_is_no_other_one_and_who_stands_behind_is() -> None:
    head = Thing("person", 0.7, Box(200, 70, 360, 250))
    behind = Thing("person", 0.6, BEHIND)
    assert merged([SITS], [Look(TILE, [head, behind])], *WIDE) == [SITS, behind]


def test_other_things_must_be_surer_than_persons_and_phones() -> None:
    book, cup = Thing("book", 0.59, Box(20, 400, 60, 440)), Thing("cup", 0.6, Box(20, 400, 60, 440))
    assert merged([], [Look(Roi(192, 288, 384), [book, cup])], *WIDE) == [cup]


def test_who_is_cut_is_looked_at_again_unless_it_is_somebody_known() -> None:
    part = Thing("person", 0.6, Box(10, 200, 90, 384))
    look = Look(TILE, [part, Thing("person", 0.9, Box(120, 100, 384, 384))])
    [around] = cut_persons([SITS], [look], *WIDE)
    assert around.size == pytest.approx(2.0 * 184)
    assert not cut(part.box, around, *WIDE)
