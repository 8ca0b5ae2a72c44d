"""What can be a person beside another one."""

from collections.abc import Iterable

import numpy as np
import pytest

from argusd.scheduler.core import Edges
from argusd.scheduler.models.outputs import Box, Face, Thing
from argusd.scheduler.models.persons import ENOUGH, living, living_faces, overlap, plausible, with_faces

SITS = Thing("person", 0.5, Box(100, 60, 500, 480))


def person(left: float, top: float, right: float, bottom: float, score: float = 0.7) -> Thing:
    return Thing("person", score, Box(left, top, right, bottom))


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("a necktie", person(270, 250, 320, 430)),
        ("a face printed on a shirt", person(250, 300, 340, 400)),
        ("clutter of a few pixels", person(560, 100, 580, 131)),
    ],
)
def test_is_no_person(what: str, other: Thing) -> None:
    assert plausible([SITS, other], 640, 480) == [SITS], what


@pytest.mark.parametrize(
    ("who", "other"),
    [
        ("stands behind a shoulder, within the box of who sits", person(110, 65, 170, 160)),
        ("sits on a lap", person(200, 200, 400, 470)),
        ("is far away", person(560, 100, 580, 133)),
        ("sits beside", person(450, 100, 640, 480)),
        ("covers as much", person(110, 70, 490, 480)),
    ],
)
def test_is_a_person(who: str, other: Thing) -> None:
    assert plausible([SITS, other], 640, 480) == [SITS, other], who


def test_who_is_hardly_seen_wears_nobody_and_other_things_stay_as_they_are() -> None:
    unsure, tie = SITS._replace(score=0.25), Thing("tie", 0.4, Box(270, 250, 280, 260))
    there = person(270, 250, 320, 430)
    assert plausible([unsure, there, tie], 640, 480) == [unsure, there, tie]


def face(left: float, top: float, size: float, score: float = 0.8) -> Face:
    return Face(Box(left, top, left + size, top + size), np.zeros((4, 2)), score)


def test_a_face_that_is_no_known_person_s_is_another_person_s() -> None:
    own, behind, beside = face(260, 80, 80), face(360, 70, 50), face(560, 100, 40, 0.7)
    assert with_faces([SITS], [own]) == [SITS]
    assert with_faces([SITS], [own, behind, beside]) == [
        SITS,
        Thing("person", 0.8, Box(310, 45, 460, 220)),
        Thing("person", 0.7, Box(520, 80, 640, 220)),
    ]


def test_each_of_two_persons_has_a_face_of_their_own() -> None:
    child = person(200, 200, 400, 470)
    assert with_faces([SITS, child], [face(260, 80, 80), face(270, 210, 60)]) == [SITS, child]


def test_an_overlap_is_of_the_smaller_box() -> None:
    assert overlap(Box(0, 0, 10, 10), Box(5, 0, 105, 10)) == 0.5
    assert overlap(Box(0, 0, 10, 10), Box(10, 0, 20, 10)) == 0.0
    assert overlap(Box(0, 0, 10, 10), Box(5, 5, 5, 9)) == 0.0


class Moving:
    """Only these boxes move, in so many looks; beside which others they were asked about is kept."""

    def __init__(self, *boxes: Box, again: int = 5, looks: int = ENOUGH) -> None:
        self.boxes = boxes
        self.again = again
        self.looks = looks
        self.asked: list[list[Edges]] = []

    def moves(self, box: Edges, others: Iterable[Edges], width: int, height: int, times: int = 1) -> bool:
        assert (width, height) == (640, 480)
        if times == 1:
            self.asked.append(list(others))
        return box in self.boxes and times <= self.again


PORTRAIT = person(520, 40, 620, 180, score=0.41)
PHONE = Thing("cell phone", 0.5, Box(300, 300, 340, 360))


def test_a_picture_of_somebody_is_no_person_while_who_sits_before_it_moves() -> None:
    motion = Moving(SITS.box)
    assert living([PORTRAIT, SITS, PHONE], motion, 640, 480) == ([SITS], [])
    assert motion.asked == [[], [SITS.box]], "what the larger one does before it is not its own"


def test_who_has_not_moved_yet_counts_and_is_in_doubt() -> None:
    motion = Moving(SITS.box, looks=ENOUGH - 1)
    assert living([PORTRAIT, SITS], motion, 640, 480) == ([PORTRAIT, SITS], [PORTRAIT])


@pytest.mark.parametrize(
    ("why", "moving", "sure"),
    [
        ("both move", [SITS.box, PORTRAIT.box], 0.3),
        ("neither moves: the camera shows a still picture", [], 0.3),
        ("only the smaller one moves", [PORTRAIT.box], 0.3),
        ("who moves is too unsure to be anybody", [SITS.box], 0.6),
    ],
)
def test_all_persons_count_where(why: str, moving: list[Box], sure: float) -> None:
    assert living([SITS, PORTRAIT], Moving(*moving), 640, 480, sure) == ([SITS, PORTRAIT], []), why


def test_all_persons_count_where_the_larger_one_moved_but_once_as_who_comes_into_a_still_picture() -> None:
    assert living([SITS, PORTRAIT], Moving(SITS.box, again=1), 640, 480) == ([SITS, PORTRAIT], [])


def test_all_persons_count_where_nobody_watched_and_who_is_too_faint_to_be_told_of() -> None:
    assert living([SITS, PORTRAIT], None, 640, 480).all == [SITS, PORTRAIT]
    faint = PORTRAIT._replace(score=0.2)
    assert living([SITS, faint], Moving(SITS.box), 640, 480) == ([SITS, faint], [])


def test_a_face_on_a_picture_is_told_by_its_head_and_shoulders() -> None:
    mine, printed = Box(260, 120, 380, 240), Box(560, 40, 600, 80)
    body, other = Box(140, 60, 500, 480), Box(520, 20, 640, 160)
    motion = Moving(body)
    assert living_faces([printed, mine], motion, 640, 480) == ([mine], [])
    assert motion.asked == [[], [Box(230, 60, 410, 240), Box(140, 240, 500, 480)]], (
        "what the larger one hides"
    )
    assert living_faces([printed, mine], Moving(body, looks=2), 640, 480) == ([printed, mine], [printed])
    assert living_faces([printed, mine], Moving(body, other), 640, 480) == ([printed, mine], [])
    assert living_faces([printed], Moving(), 640, 480) == ([printed], [])
