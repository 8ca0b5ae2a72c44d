import numpy as np
import pytest

from argusd.daemon.demo.sample import RATE, soundtrack
from argusd.daemon.demo.scenes import DURATION_S, HEIGHT, SCENES, SPEECH, WIDTH, Scene, draw

PORTRAIT = np.random.default_rng(0).integers(0, 255, (512, 512, 3)).astype(np.uint8)


def test_scenes_follow_one_another_without_a_hole() -> None:
    assert [scene.start_s for scene in SCENES] == [0.0, *(scene.end_s for scene in SCENES[:-1])]
    assert {scene.kind for scene in SCENES} == {"calm", "two", "empty"}
    assert 24 <= DURATION_S <= 30


@pytest.mark.parametrize("scene", SCENES)
def test_every_moment_can_be_drawn(scene: Scene) -> None:
    for at_s in (scene.start_s, scene.end_s - 0.01):
        picture = draw(PORTRAIT, at_s)
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture.dtype == np.uint8


def test_the_picture_moves_inside_a_scene() -> None:
    for scene in SCENES:
        assert not np.array_equal(draw(PORTRAIT, scene.start_s + 1.5), draw(PORTRAIT, scene.start_s + 2.5))


def test_two_are_the_one_and_its_mirror_image() -> None:
    picture = draw(PORTRAIT, 8.0)
    assert np.array_equal(picture, picture[:, ::-1])


def test_nobody_of_the_portrait_is_in_the_empty_room() -> None:
    assert np.array_equal(draw(PORTRAIT, 17.0), draw(255 - PORTRAIT, 17.0))


def test_there_is_sound_exactly_where_somebody_speaks() -> None:
    sound = soundtrack(np.full(30 * RATE, 1000, np.int16))
    assert len(sound) == DURATION_S * RATE
    audible = np.zeros(len(sound), np.bool_)
    for speech in SPEECH:
        audible[round(speech.start_s * RATE) : round(speech.end_s * RATE)] = True
    assert not sound[~audible].any()
    assert (sound[audible] != 0).mean() > 0.99
