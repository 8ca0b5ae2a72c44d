from itertools import pairwise

import pytest

from argusd.scheduler.analyzers.face_search import EVERY_S, KEPT_S, FaceSearch
from argusd.scheduler.core import Moment, Roi
from argusd.scheduler.models.outputs import Box, Face
from argusd.scheduler.models.regions import closer_region, further_region, tiles, turned_regions

from .heads import face

TILES = tiles(640, 480, 0.6)
BACK = further_region(640, 480)
PERSON, FAR = face(), face(560, 60, 30)  # the second is in the upper right tile alone
DOUBTFUL = face(560, 60, 30, score=0.65)


class Search:
    """A session's, whose detector looks four times a second at a picture of 640 x 480."""

    def __init__(self, economy: bool = False) -> None:
        self.search = FaceSearch()
        self.economy = economy
        self.now = 0.0

    def look(self, *faces: Face, followed: Box | None = None) -> Roi | None:
        """Take one look in; where the next one is."""
        at = Moment(self.now, 0.0, 0.0, 640, 480)
        self.search.see(faces, at, followed, self.economy)
        self.now += 0.25
        return self.search.region

    def show(self, whole: list[Face], parts: dict[Roi, list[Face]], seconds: float) -> list[Roi | None]:
        """What whole frames show, and what parts show; where the looks were."""
        looks = []
        for _ in range(int(seconds * 4)):
            looks.append(self.search.region)
            self.look(*(whole if looks[-1] is None else parts.get(looks[-1], [])))
        return looks


def test_each_part_is_looked_at_at_once_and_from_then_on_seldom() -> None:
    search = Search()
    looks = search.show([PERSON], {}, 1 + 4 * EVERY_S)
    assert looks[:6] == [None, *TILES, None]
    later = [(at, look) for at, look in enumerate(looks[5:]) if look is not None]
    assert [look for _, look in later] == TILES[: len(later)]
    assert all(after - before >= 4 * EVERY_S for (before, _), (after, _) in pairwise(later))


def test_where_nobody_is_the_looks_are_from_further_back_and_turned_as_well() -> None:
    looks = Search().show([], {}, 4)
    assert looks[:9] == [None, BACK, *TILES, *turned_regions(640, 480)]
    assert looks[9:13] == [None, BACK, None, BACK]


def test_a_small_face_is_known_after_the_first_six_looks() -> None:
    search = Search()
    search.show([PERSON], {TILES[1]: [FAR]}, 1.5)
    assert search.search.faces == [PERSON, FAR]


def test_a_face_that_only_a_part_shows_is_looked_at_every_other_time_until_it_is_gone() -> None:
    search = Search()
    search.show([PERSON], {TILES[1]: [FAR]}, 1.5)
    looks = search.show([PERSON], {TILES[1]: [FAR]}, 1)
    assert looks.count(None) == looks.count(TILES[1]) == 2
    search.show([PERSON], {}, 1)
    assert search.search.faces == [PERSON]


def test_what_no_look_has_shown_for_long_is_gone() -> None:
    search = Search()
    search.show([PERSON], {TILES[1]: [FAR]}, 1.5)
    search.now += KEPT_S
    search.search.region = None
    search.look(PERSON)
    assert search.search.faces == [PERSON]


@pytest.mark.parametrize("seen_again", [True, False])
def test_a_second_face_that_is_not_sure_counts_once_a_closer_look_shows_it(seen_again: bool) -> None:
    search = Search()
    assert search.look(PERSON, DOUBTFUL) == closer_region(DOUBTFUL.box)
    assert search.search.faces == [PERSON]
    assert search.search.asks
    search.look(*([DOUBTFUL] if seen_again else []))
    assert not search.search.asks
    assert (len(search.search.faces) == 2) is seen_again


def test_the_smaller_face_is_asked_about_first() -> None:
    """Landmarks, which look at the largest one, tell of that one meanwhile."""
    search = Search()
    near = face(200, 240, 120, score=0.7)
    assert search.look(near, DOUBTFUL) == closer_region(DOUBTFUL.box)
    search.look(DOUBTFUL, followed=near.box)
    assert search.search.faces == [near, DOUBTFUL]


def test_faces_are_confirmed_by_a_second_look() -> None:
    search = Search()
    search.look(PERSON, FAR)
    assert search.search.confirmed == []
    search.look(PERSON)
    assert search.search.confirmed == [PERSON]


def test_one_face_that_is_not_sure_counts_until_a_closer_look_does_not_show_it() -> None:
    """What looks like a face from far off is none: an ear, a lamp, a hand."""
    search = Search()
    search.look(DOUBTFUL)
    assert search.search.faces == [DOUBTFUL]
    search.look()
    assert search.search.faces == []
    search.show([DOUBTFUL], {}, 2)
    assert search.search.faces == [], "it is not asked about at each look"


def test_what_landmarks_follow_needs_no_closer_look() -> None:
    search = Search()
    assert search.look(DOUBTFUL, followed=DOUBTFUL.box) == TILES[0]
    assert search.search.faces == [DOUBTFUL]


def test_a_face_that_two_scales_show_needs_no_closer_look() -> None:
    beside = face(530, 70, 30, score=0.65)
    search = Search()
    assert search.look(DOUBTFUL, beside) == closer_region(DOUBTFUL.box)
    assert search.look(DOUBTFUL, beside) == TILES[0]
    assert search.search.faces == [DOUBTFUL, beside]


def test_where_two_faces_are_certain_a_third_is_believed() -> None:
    search = Search()
    search.look(PERSON, face(100, 100, 60), DOUBTFUL)
    assert len(search.search.faces) == 3
    assert not search.search.asks


def test_a_person_seen_from_near_and_from_far_is_one() -> None:
    search = Search()
    search.show([PERSON], {TILES[0]: [face(310, 250, 130)], TILES[1]: [face(330, 230, 90)]}, 1.5)
    assert search.search.faces == [PERSON]


def test_a_face_that_moves_quickly_is_one_again_with_the_next_look_that_overlaps_both_of_its_places() -> None:
    there, here, between = (face(x, 100, 100) for x in (90, 150, 120))
    search = Search()
    search.look(there)
    search.look(here)
    search.search.region = None
    search.look(between)
    assert search.search.faces == [between]


def test_of_who_moved_the_place_that_was_seen_last_tells() -> None:
    """The closer look that did not find a face where it was shows it elsewhere: it is one all the same."""
    there, here, between = (face(x, 100, 100, score=0.7) for x in (90, 150, 120))
    search = Search()
    search.look(PERSON, there)
    search.look(PERSON, here)
    search.search.region = None
    search.look(PERSON, between)
    assert search.search.faces == [PERSON, between]


def test_of_two_faces_that_move_side_by_side_neither_takes_the_others_place() -> None:
    search = Search()
    search.look(face(90, 100, 100), face(150, 100, 100))
    moved = [face(120, 100, 100), face(165, 100, 100)]
    search.search.region = None
    search.look(*moved)
    assert search.search.faces == moved


def test_economy_looks_at_whole_frames_alone_and_believes_them() -> None:
    search = Search(economy=True)
    assert set(search.show([PERSON, DOUBTFUL], {}, 5)) == {None}
    assert search.search.faces == [PERSON, DOUBTFUL]
    nobody = Search(economy=True)
    assert nobody.show([], {}, 1) == [None, BACK, None, BACK]
