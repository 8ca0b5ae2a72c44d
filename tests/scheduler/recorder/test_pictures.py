"""Pictures out of shared memory; what is overwritten meanwhile is none."""

import cv2
import numpy as np
import pytest

from argusd.ingest.shm.frame import PixelFormat
from argusd.ingest.shm.ring import FrameReader
from argusd.scheduler.recorder.pictures import Shot, small, whole

from .rings import Video


def pixels(shot: Shot | None) -> np.ndarray:
    assert shot is not None
    return np.asarray(cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize("pixel_format", [PixelFormat.I420, PixelFormat.NV12, PixelFormat.BGR24])
@pytest.mark.parametrize("size", [(1280, 720), (641, 481), (64, 48)])
def test_each_format_is_taken_whole_and_small(pixel_format: PixelFormat, size: tuple[int, int]) -> None:
    video = Video(*size, pixel_format)
    video.show(200)
    frame = FrameReader(video.ring.view, video.ring.place, video.ring.generation).newest()
    assert frame is not None
    for taken, most in ((whole(frame), size[0]), (small(frame), 640)):
        height, width = pixels(taken).shape[:2]
        assert width <= most
        assert width / height == pytest.approx(size[0] / size[1], rel=0.02)
        # Of video range 16..235 is 0..255 (ITU-R BT.601).
        expected = 200 if pixel_format == PixelFormat.BGR24 else (200 - 16) * 255 / 219
        assert pixels(taken).mean() == pytest.approx(expected, abs=2)


def test_a_picture_that_is_overwritten_while_it_is_read_is_dropped() -> None:
    video = Video(64, 48)
    video.show(10)
    frame = FrameReader(video.ring.view, video.ring.place, video.ring.generation).newest()
    assert frame is not None
    for brightness in (20, 30, 40):  # as many as there are slots
        video.show(brightness)
    assert whole(frame) is None
    assert small(frame) is None
