"""Fewer pictures than come, evenly spaced, and never fewer than somebody looks at."""

from math import inf

import pytest

from argusd.ingest.decoding.thinning import CLOCK_RATE, Thinning


def shown(pictures_hz: float, timestamps: list[int]) -> list[int]:
    thinning = Thinning(pictures_hz)
    return [at for at, timestamp in enumerate(timestamps) if thinning.shows(timestamp)]


def camera(fps: float, count: int = 13) -> list[int]:
    # Chromium's timestamps are of whole milliseconds.
    return [7000 + CLOCK_RATE // 1000 * round(1000 * at / fps) for at in range(count)]


@pytest.mark.parametrize(
    ("fps", "pictures_hz", "every"),
    [(30, 8, 2), (30, 15, 2), (30, 16, 1), (30, inf, 1), (30, 1, 2), (24, 8, 2), (15, 1, 1), (60, 15, 4)],
)
def test_every_so_manieth_picture_of_a_camera_is_shown(fps: float, pictures_hz: float, every: int) -> None:
    assert shown(pictures_hz, camera(fps)) == list(range(0, 13, every))


def test_what_no_other_frame_is_predicted_from_is_rather_left_out() -> None:
    thinning = Thinning(15.0)
    frames = [thinning.shows(3000 * at, discardable=at % 2 == 0) for at in range(8)]
    assert frames == [True, True, False, True, False, True, False, True]


def test_a_camera_whose_clock_wavers_has_every_other_picture_shown() -> None:
    wavering = [0, 3300, 6000, 9300, 12_000, 15_300, 18_000, 21_300, 24_000]
    assert shown(15, wavering) == [0, 1, 3, 5, 7]  # one interval is not enough to tell


def test_what_comes_after_a_pause_is_shown() -> None:
    assert shown(8, [0, 3000, 6000, 9000, 90_000, 93_000]) == [0, 2, 4]


def test_a_clock_that_stands_still_or_goes_back_shows_all() -> None:
    assert shown(8, [3000, 3000, 3000, 0, 0]) == [0, 1, 2, 3, 4]
