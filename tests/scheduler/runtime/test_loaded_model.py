import numpy as np
import pytest

from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.loaded_sound import LoadedAudioModel
from argusd.scheduler.runtime.loaded_vision import LoadedVisionModel

from ..fakes import FakeAudio, FakeEngine, FakeVision

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])


def test_sound_is_patient_and_vision_is_not() -> None:
    audio = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    vision = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    audio.in_flight = vision.in_flight = 1
    assert (audio.state.patient, audio.state.in_flight) == (True, 1)
    assert not vision.state.patient


def test_memory_that_runs_out_halves_the_batch_down_to_one() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    sizes = [loaded.max_batch]
    for _ in range(3):
        loaded.halve()
        sizes.append(loaded.max_batch)
    assert sizes == [4, 2, 1, 1]


def test_it_learns_how_much_slower_than_measured_it_runs() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    for _ in range(200):
        loaded.took(1, 0.020)
    assert loaded.slowdown == pytest.approx(2.0, rel=0.01)
    for _ in range(200):
        loaded.took(1, 0.001)  # faster than measured is luck, not capacity
    assert loaded.slowdown == pytest.approx(1.0, rel=0.01)
    assert np.isfinite(loaded.slowdown)
