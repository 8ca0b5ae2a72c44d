"""When and where a session's picture is looked at again."""

from argusd.scheduler.analyzers.second_look_turns import SecondLooks
from argusd.scheduler.core import Roi
from argusd.scheduler.models.outputs import Box, Thing
from argusd.scheduler.models.second_looks import doubtful, persons_hands, tiles

SIZE = (640, 480)
SITS = Thing("person", 0.8, Box(100, 60, 500, 480))
PHONE = Thing("cell phone", 0.4, Box(300, 330, 340, 370))
BEHIND = Thing("person", 0.6, Box(10, 30, 90, 250))
HANDS, HEAD = persons_hands([SITS], *SIZE)


def looked(second: SecondLooks, first: list[Thing], whole_looks: int) -> list[Roi | None]:
    """Where second looks go that show nothing."""
    went: list[Roi | None] = []
    for _ in range(whole_looks):
        second.begin(first, SIZE, spend=True)
        went.append(second.region)
        if second.region is not None:
            second.see(second.region, [])
    return went


def test_the_first_whole_looks_have_one_each_and_later_ones_one_in_three() -> None:
    went = looked(SecondLooks(), [SITS], 203)
    assert None not in went[:4]
    assert sum(region is not None for region in went) == 73  # 3 saved, and 0.35 for each after the first


def test_they_go_to_hands_head_and_a_tile_by_turns() -> None:
    went = [region for region in looked(SecondLooks(), [SITS], 40) if region]
    first, second, third, last = tiles(*SIZE)
    assert went[:12] == [
        *(HANDS, HEAD, first),
        *(HANDS, HEAD, second),
        *(HANDS, HEAD, third),
        *(HANDS, HEAD, last),
    ]


def test_every_other_one_goes_to_where_a_phone_is_doubtful() -> None:
    unsure = PHONE._replace(score=0.25)
    there = doubtful([SITS, unsure], *SIZE)
    went = looked(SecondLooks(), [SITS, unsure], 6)
    assert [region in there for region in went[::2]] == [True, True, True]
    assert went[1::2] == [HANDS, HEAD, tiles(*SIZE)[0]]


def test_where_a_phone_was_seen_is_looked_at_each_time_until_it_is_gone() -> None:
    second = SecondLooks()
    for number in range(8):
        second.begin([SITS], SIZE, spend=True)
        assert second.region == HANDS
        second.see(HANDS, [PHONE])
        assert second.phone == (PHONE.score if number else 0.0), "two looks must agree"
        assert second.things == ([SITS, PHONE] if number else [SITS])
    second.begin([SITS], SIZE, spend=True)
    second.see(HANDS, [])
    assert not second.phone
    assert second.things == [SITS]


def test_one_look_is_enough_where_the_whole_look_hints_at_the_phone() -> None:
    second = SecondLooks()
    second.begin([SITS, PHONE._replace(score=0.22)], SIZE, spend=True)
    second.see(HANDS, [PHONE])
    assert second.phone == PHONE.score


def test_credit_has_an_end() -> None:
    second, seen = SecondLooks(), 0
    for _ in range(200):
        second.begin([SITS], SIZE, spend=True)
        if second.region is not None:
            second.see(second.region, [PHONE])
            seen += 1
    assert seen == 78  # 3 saved, 6 on credit, and 0.35 for each after the first


def test_a_second_person_counts_once_two_looks_in_turn_saw_them() -> None:
    second = SecondLooks()
    tile = tiles(*SIZE)[0]
    second.begin([SITS], SIZE, spend=True)
    second.see(tile, [BEHIND])
    assert second.things == [SITS]
    second.begin([SITS], SIZE, spend=True)
    assert second.region == tile
    second.see(tile, [BEHIND])
    assert second.things == [SITS, BEHIND]


def test_whom_an_edge_cut_is_looked_at_next() -> None:
    second = SecondLooks()
    second.begin([SITS], SIZE, spend=True)
    second.see(tiles(*SIZE)[0], [Thing("person", 0.6, Box(10, 200, 90, 384))])
    second.begin([SITS], SIZE, spend=True)
    around = second.region
    assert around is not None
    assert around.size == 2.0 * 184
    second.see(around, [Thing("person", 0.6, Box(10, 200, 90, 420))])
    second.begin([SITS], SIZE, spend=True)
    assert second.region == around


def test_nothing_is_spent_where_there_is_nothing_to_spend_it_for() -> None:
    second = SecondLooks()
    second.begin([SITS], SIZE, spend=False)
    assert second.region is None
