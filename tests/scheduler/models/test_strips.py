"""Lines cut out of pictures."""

import numpy as np

from argusd.scheduler.models.strips import corners_of, strip


def test_a_line_is_cut_out_upright() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[20:30, 10:50] = (1, 2, 3)
    picture[20:30, 10:20] = 255
    turned = np.asarray(np.rot90(picture, -1).copy(), np.uint8)  # clockwise: the line now runs downwards
    corners = np.array([[80, 10], [80, 50], [70, 50], [70, 10]], np.float64)
    line = strip(turned, corners, 10)
    assert line.shape == (10, 40, 3)
    assert np.all(line[1:-1, 1:9] == 255)
    assert np.all(line[1:-1, 12:-1] == (1, 2, 3))


def test_lines_are_of_a_bounded_length() -> None:
    thin = np.zeros((2, 5000, 3), np.uint8)
    assert strip(thin, corners_of(thin), 48).shape == (48, 48 * 72, 3)
    high = np.zeros((5000, 2, 3), np.uint8)
    assert strip(high, corners_of(high), 48).shape == (48, 16, 3)
