import numpy as np
import pytest

from argusd.kernels.pictures.picture import Square
from argusd.kernels.pictures.sketch import COLUMNS, ROWS, cells_in, changed, sketch


def grey(
    level: int = 90, height: int = 480, width: int = 640
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width), level, np.uint8)


@pytest.mark.parametrize(("height", "width"), [(480, 640), (1080, 1920), (48, 64), (17, 23)])
def test_a_picture_of_any_size_becomes_as_many_cells(height: int, width: int) -> None:
    cells = sketch(grey(90, height, width))
    assert cells.shape == (ROWS, COLUMNS)
    assert (cells == 90).all()


def test_colours_count_by_their_mean() -> None:
    assert (sketch(np.full((48, 64, 3), (30, 60, 90), np.uint8)) == 60).all()


def test_a_cameras_noise_is_no_change() -> None:
    random = np.random.default_rng(1)
    noisy = [np.clip(random.normal(90, 8, (480, 640)), 0, 255).astype(np.uint8) for _ in range(2)]
    assert not changed(sketch(noisy[0]), sketch(noisy[1])).any()


def test_a_small_thing_that_comes_changes_its_cells_and_no_other() -> None:
    then, now = grey(), grey()
    now[200:240, 400:440] = 40  # a sixteenth of the picture's width
    cells = changed(sketch(now), sketch(then))
    assert cells.any()
    assert not (cells & ~cells_in(Square(420, 220, 60), 640, 480)).any()


def test_a_square_that_reaches_beyond_the_picture_holds_the_cells_that_there_are() -> None:
    held = cells_in(Square(0, 0, 40), 640, 480)
    assert held.sum() == held[0, 0] == 1
    assert cells_in(Square(320, 240, 2000), 640, 480).all()
    assert not cells_in(Square(-500, 240, 100), 640, 480).any()
