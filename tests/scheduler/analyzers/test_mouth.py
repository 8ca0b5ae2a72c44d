import numpy as np

from argusd.scheduler.analyzers.mouth import MOVES, Mouth


def looks(mouth: Mouth, start_s: float, seconds: float, depth: float) -> None:
    for when in np.arange(start_s, start_s + seconds, 1 / 15):
        mouth.see(float(when), 0.1 + depth * float(np.sin(20 * when)))


def test_visible_is_what_was_looked_at_often_enough() -> None:
    mouth = Mouth()
    looks(mouth, 100, 1.0, 0.1)
    assert not mouth.visible
    looks(mouth, 101, 4.0, 0.1)
    assert mouth.visible
    assert mouth.moving
    mouth.see(120.0, 0.1)
    assert not mouth.visible, "it was out of sight"


def test_a_closed_mouth_in_a_noisy_picture_does_not_move() -> None:
    mouth = Mouth()
    looks(mouth, 0.5, 6, MOVES / 2)
    assert mouth.visible
    assert not mouth.moving


def test_times_count_from_where_the_sound_begins() -> None:
    mouth = Mouth()
    for when in (10.0, 10.2, 10.1, 10.3):  # batches come back in any order
        mouth.see(when, when)
    mouth.keep(10.3, np.full((48, 96, 3), 7, np.uint8))
    seen = mouth.since(10.1)
    np.testing.assert_allclose(seen.times, [0.0, 0.1, 0.2])
    np.testing.assert_allclose(seen.openings, [10.1, 10.2, 10.3])
    np.testing.assert_allclose(seen.crop_times, [0.2])
    assert seen.crops.shape == (1, 48, 96, 3)
    assert mouth.since(11.0).crops.shape == (0, 48, 96, 3)


def test_what_is_old_goes_and_a_clock_that_begins_anew_begins_anew() -> None:
    mouth = Mouth()
    looks(mouth, 100, 20, 0.1)
    assert len(mouth.since(0.0).times) < 10 * 15
    mouth.see(5.0, 0.1)
    np.testing.assert_allclose(mouth.since(0.0).times, [5.0])
