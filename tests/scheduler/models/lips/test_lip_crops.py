import cv2
import numpy as np
import pytest

from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models.lips.lip_crops import LipCrops, PassThrough
from argusd.scheduler.models.outputs import Box
from argusd.scheduler.models.regions import lip_region


def test_they_are_what_wav2lip_cuts() -> None:
    """The face's box stretched to 96×96, and its lower half."""
    random = np.random.default_rng(1)
    noise = random.integers(0, 255, (30, 40, 3), np.uint8)
    picture = np.asarray(cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    height = 200
    box = Box(300.0, 150.0, 300.0 + 0.8 * height, 150.0 + height)
    model, roi = LipCrops(), lip_region(box)
    feeds = model.prepare([StillFrame(picture)], [roi])
    [found] = model.decode(PassThrough().run(feeds), [roi])
    face = picture[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    expected = cv2.resize(face, (96, 96), interpolation=cv2.INTER_AREA)[48:]
    assert found.dtype == np.uint8
    assert found.shape == (48, 96, 3)
    assert np.abs(found.astype(int) - expected).mean() < 2, "filters differ, places and colours do not"


@pytest.mark.parametrize("batch", [1, 4])
def test_the_probe_can_run_it(batch: int) -> None:
    [crops] = PassThrough().run(LipCrops().example(batch))
    assert crops.shape == (batch, 48, 96, 3)
