"""Who moves in a picture: a wall, somebody on it who sways by a pixel, and a portrait that hangs there."""

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.pictures.motion import cells_of
from argusd.scheduler.models.motion import EVERY_S, WATCHED_S, RecentMotion
from argusd.scheduler.models.outputs import Box
from argusd.scheduler.models.persons import ENOUGH

WIDTH, HEIGHT = 640, 480
SOMEBODY, PORTRAIT = Box(60, 120, 300, 480), Box(420, 100, 560, 260)
LOOKED = np.random.default_rng(0)


def picture(shift: int = 0, gain: float = 1.0, grain: float = 0.0) -> NDArray[np.uint8]:
    """Somebody moved to the right by so many pixels; the light, and a camera's noise."""
    shown = np.tile(np.linspace(90.0, 150.0, WIDTH), (HEIGHT, 1))
    for box, x, clothes in ((PORTRAIT, 0, 110), (SOMEBODY, shift, 60)):
        left, top, right, bottom = map(int, box)
        shown[top:bottom, left + x : right + x] = clothes
        shown[top + 40 : top + 90, left + 40 + x : right - 40 + x] = 190
    return np.clip(gain * shown + LOOKED.normal(0, grain, shown.shape), 0, 255).astype(np.uint8)


def watched(*pictures: NDArray[np.uint8]) -> RecentMotion:
    motion = RecentMotion()
    for second, each in enumerate(pictures):
        motion = motion.after(cells_of(each), float(second))
    return motion


def moves(motion: RecentMotion, box: Box, *others: Box, times: int = 1) -> bool:
    return motion.moves(box, others, WIDTH, HEIGHT, times)


def test_who_sways_by_two_pixels_moves_and_a_portrait_does_not() -> None:
    for grain in (0.0, 5.0):
        motion = watched(picture(grain=grain), picture(2, grain=grain), picture(0, grain=grain))
        assert moves(motion, SOMEBODY)
        assert not moves(motion, PORTRAIT)


def test_who_sways_moves_again_and_who_has_just_come_does_not() -> None:
    assert moves(watched(picture(), picture(2), picture()), SOMEBODY, times=2)
    came = watched(picture(), picture(150), picture(150))
    assert moves(came, SOMEBODY)
    assert not moves(came, SOMEBODY, times=2)


def test_light_that_changes_moves_nobody() -> None:
    assert not moves(watched(picture(), picture(gain=0.8), picture(gain=1.1)), PORTRAIT)


def test_nobody_knows_after_one_look_nor_of_what_others_hide() -> None:
    assert moves(watched(picture()), PORTRAIT)
    still = watched(picture(), picture())
    assert not moves(still, PORTRAIT)
    assert moves(still, PORTRAIT, Box(400, 80, 600, 300))
    assert moves(still, Box(420, 100, 440, 120))


def test_what_others_do_before_a_portrait_does_not_move_it() -> None:
    motion = watched(picture(), picture(150))
    reaching = Box(60, 120, 450, 480)
    assert moves(motion, PORTRAIT)
    assert not moves(motion, PORTRAIT, reaching)


def test_who_moved_is_alive_for_a_while() -> None:
    still = picture()
    seconds = round(WATCHED_S)
    assert watched(*[still] * 3 * seconds).looks == seconds >= ENOUGH
    assert moves(watched(picture(3), *[still] * seconds), SOMEBODY)
    assert not moves(watched(picture(3), *[still] * (seconds + 1)), SOMEBODY)


def test_what_moved_in_another_shot_says_nothing_of_this_one() -> None:
    mirrored = picture()[:, ::-1]
    here = Box(WIDTH - SOMEBODY.right, SOMEBODY.top, WIDTH - SOMEBODY.left, SOMEBODY.bottom)
    shot = [picture(), picture(2), picture(), mirrored]
    assert watched(*shot).looks == 0
    assert moves(watched(*shot), here, times=2), "nobody knows at its first look"
    assert moves(watched(*shot), PORTRAIT), "nor of a place that was still before"
    assert not moves(watched(*shot, mirrored), here)
    assert not moves(watched(*shot, mirrored), PORTRAIT)


def test_looks_are_compared_less_often_than_they_come() -> None:
    motion = RecentMotion()
    assert motion.wants(0.0)
    motion = motion.after(cells_of(picture()), 5.0)
    assert not motion.wants(5.0 + EVERY_S / 2)
    assert motion.wants(5.01 + EVERY_S)
