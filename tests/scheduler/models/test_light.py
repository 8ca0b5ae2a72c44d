from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo, PixelFormat
from argusd.ingest.shm.ring import FrameView
from argusd.scheduler.core import Roi
from argusd.scheduler.models.light import light

from ..recordings import DecodedFrame, Runners, from_bgr

WHOLE = Roi(32, 32, 64)


def grey(value: int) -> NDArray[np.uint8]:
    return np.full((64, 64, 3), value, np.uint8)


def as_bgr(pixels: NDArray[np.uint8]) -> FrameView:
    rows, columns, _ = pixels.shape
    info = FrameInfo(columns, rows, PixelFormat.BGR24, (3 * columns, 0, 0), 3 * columns * rows)
    return cast(FrameView, DecodedFrame(info, [pixels.reshape(rows, -1)]))


@pytest.mark.parametrize("value", [0, 20, 128, 255])
def test_it_is_the_same_of_video_and_of_pictures(value: int) -> None:
    assert light(from_bgr(grey(value)), WHOLE) == pytest.approx(value / 255, abs=0.01)
    assert light(as_bgr(grey(value)), WHOLE) == pytest.approx(value / 255)


def test_only_the_middle_of_the_region_counts() -> None:
    pixels = grey(0)
    pixels[24:40, 24:40] = 200
    assert light(as_bgr(pixels), Roi(32, 32, 30)) == pytest.approx(200 / 255)
    assert light(as_bgr(pixels), Roi(8, 8, 16)) == 0


@pytest.mark.parametrize("roi", [Roi(-100, 10, 20), Roi(10, 500, 1), Roi(64, 64, 0)])
def test_beyond_the_frame_it_is_dark(roi: Roi) -> None:
    assert light(as_bgr(grey(0)), roi) == 0.0


@pytest.mark.weights
@pytest.mark.parametrize("part", [1.0, 0.25])
def test_a_mesh_is_told_how_bright_its_face_is(runners: Runners, media: Path, part: float) -> None:
    pixels = (np.asarray(cv2.imread(str(media / "biden.jpg")), np.float64) * part).astype(np.uint8)
    assert runners("face_mesh").look(from_bgr(pixels), Roi(581, 400, 540)).light == pytest.approx(
        0.4 * part, abs=0.05
    )
