"""The last seconds of pictures: no older ones, however seldom anybody looks."""

import time

from argusd.scheduler.recorder.preroll import Preroll

from .rings import Video

SECOND = 1_000_000_000


def test_only_the_last_seconds_are_kept() -> None:
    video = Video(64, 48)
    preroll, now = Preroll(video.ring, 5.0), time.monotonic()
    for ago_s in (9, 6, 4, 1):
        video.show(100, round((now - ago_s) * SECOND))
        preroll.look()
    kept = [round(now - shot.info.arrival_ns / SECOND) for shot in preroll.shots(now)]
    assert kept == [4, 1]


def test_a_picture_is_kept_once() -> None:
    video = Video(64, 48)
    preroll = Preroll(video.ring, 5.0)
    video.show(100)
    assert preroll.look() is not None
    assert preroll.look() is None
    assert len(preroll.shots(time.monotonic())) == 1


def test_pictures_of_an_earlier_size_stay_when_the_ring_is_another() -> None:
    video, larger = Video(64, 48), Video(128, 96)
    preroll = Preroll(video.ring, 5.0)
    for track in (video, larger):
        preroll.follow(track.ring)
        track.show(100)
        preroll.look()
    assert [shot.info.width for shot in preroll.shots(time.monotonic())] == [64, 128]
