"""What is drawn onto faces: it lies where it is worn, moves with the head, and leaves the eyes to be seen."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.accuracy.calm.disturbances import Landmarks, Shot
from argusd.benchmarks.accuracy.calm.hours import webcam
from argusd.benchmarks.accuracy.calm.landmarks import LONGEST_GAP_S, between, shots_of
from argusd.benchmarks.accuracy.calm.worn import EARS, WORN, Head
from argusd.benchmarks.films.drawn import MIDDLE, SCENES, SHOWN, film
from argusd.benchmarks.gates import portrait
from argusd.benchmarks.rigs.cache import CACHE
from argusd.benchmarks.rigs.virtual import daemon_models
from argusd.scheduler.models.faces.face_geometry import FOREHEAD, LEFT, RIGHT
from argusd.scheduler.zoo.store import ZooStore

GREY = np.full((240, 320, 3), 128, np.uint8)
# The person's right is the picture's left.
PLACES = {
    33: (130, 100),
    133: (150, 100),
    159: (140, 96),
    145: (140, 104),  # right eye
    362: (170, 100),
    263: (190, 100),
    386: (180, 96),
    374: (180, 104),  # left eye
    127: (115, 100),
    356: (205, 100),
    234: (113, 110),
    454: (207, 110),  # temples and ears
    10: (160, 60),
    152: (160, 180),
    425: (185, 135),
}


def face(x: int = 0, y: int = 0) -> Landmarks:
    """Looks into the camera, with eyes 60 pixels apart from corner to corner; moved by so many pixels."""
    points = np.zeros((478, 2))
    points[list(PLACES)] = list(PLACES.values())
    points[list(PLACES)] += (x, y)
    return points


def changed(name: str, landmarks: Landmarks) -> NDArray[np.bool_]:
    """Where the picture is another one, bool ``[H, W]``."""
    dressed = WORN[name](240, 320, 0)(Shot(GREY, landmarks), 0.0)
    assert (GREY == 128).all()
    assert dressed.shape == GREY.shape
    differs: NDArray[np.bool_] = (dressed != GREY).any(axis=2)
    return differs


def is_changed(name: str, point: tuple[float, float]) -> bool:
    x, y = map(round, point)
    return bool(changed(name, face())[y - 2 : y + 3, x - 2 : x + 3].any())


def test_glasses_are_around_the_eyes_and_on_the_temples_and_leave_the_pupils_to_be_seen() -> None:
    for eye in (RIGHT, LEFT):
        x, y = Head(face()).middle(eye)
        assert not is_changed("glasses", (x, y))
        assert is_changed("glasses", (x, y + 0.18 * 60))
    assert is_changed("glasses", PLACES[127])
    assert not changed("glasses", face())[125:].any()


def test_headphones_are_on_both_ears_and_above_the_head() -> None:
    for ear in EARS:
        assert is_changed("headphones", PLACES[ear])
    assert changed("headphones", face())[: PLACES[FOREHEAD][1], 160].any()
    assert not changed("headphones", face())[90:150, 140:180].any()


def test_a_hand_is_on_one_ear_in_the_cheeks_colour() -> None:
    assert not changed("hand on ear", face())[:, :190].any()
    picture = GREY.copy()
    picture[125:145, 175:195] = (60, 90, 150)
    dressed = WORN["hand on ear"](240, 320, 0)(Shot(picture, face()), 0.0)
    x, y = PLACES[454][0] + 12, PLACES[454][1] + 21
    assert np.abs(dressed[y, x].astype(int) - (60, 90, 150)).max() <= 2


@pytest.mark.parametrize("name", WORN)
def test_what_is_worn_moves_with_the_head(name: str) -> None:
    there, moved = changed(name, face()), changed(name, face(9, -7))
    assert (there[7:120, 0:300] == moved[0:113, 9:309]).all()


@pytest.mark.parametrize("name", WORN)
def test_nobody_wears_anything_where_no_face_is_known(name: str) -> None:
    assert (WORN[name](240, 320, 0)(Shot(GREY), 0.0) == GREY).all()


@given(st.integers(-2000, 2000), st.integers(-2000, 2000), st.integers(-40, 40))
def test_a_face_may_lie_anywhere(x: int, y: int, turned: int) -> None:
    angle = np.radians(turned)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for name in WORN:
        changed(name, face() @ turn + [x, y])


@given(st.lists(st.floats(0.02, 1.0), max_size=12), st.lists(st.floats(0.0, 8.0), min_size=1, max_size=20))
def test_between_two_looks_a_face_is_between_them_and_long_after_one_it_is_nowhere(
    gaps: list[float], moments: list[float]
) -> None:
    times = np.cumsum(gaps).tolist()
    seen = [(at_s, face(round(100 * at_s))) for at_s in times]
    for moment, found in zip(moments, between(seen, moments), strict=True):
        nearest = min((abs(at_s - moment) for at_s in times), default=np.inf)
        assert (found is None) == (nearest > LONGEST_GAP_S and not _spanned(times, moment))
        if found is not None:
            assert abs(found[33, 0] - PLACES[33][0] - 100 * moment) <= 100 * LONGEST_GAP_S + 1


def _spanned(times: list[float], moment: float) -> bool:
    """Whether it lies between two looks, both of them near."""
    return any(b - LONGEST_GAP_S <= moment <= a + LONGEST_GAP_S for a, b in pairwise(times))


@pytest.mark.weights
async def test_the_face_of_a_drawn_person_is_known_in_every_picture() -> None:
    person = portrait(ZooStore(CACHE))
    shots = shots_of(daemon_models(), [webcam(planes) for _, planes in film(person, SCENES["calm"], 2.0)])
    for shot in shots[3:]:
        assert shot.face is not None
        eyes = shot.face[[*RIGHT.corners, *LEFT.corners]].mean(axis=0)
        assert abs(eyes[0] - MIDDLE) < SHOWN / 5
    assert [shot.face is None for shot in shots_of(daemon_models(), [GREY] * 6)] == [True] * 6
