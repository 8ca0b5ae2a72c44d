import pytest

from argusd.scheduler.core import EVERY_WINDOW
from argusd.scheduler.loaded.loaded_model import DeviceTime
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve

from ..fakes import FakeAudio, FakeEngine, FakeVad, FakeVision

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.010, 0.012])


def test_sound_is_patient_and_vision_is_not() -> None:
    audio = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
    vision = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    audio.in_flight = vision.in_flight = 1
    assert (audio.state.patient, audio.state.in_flight) == (True, 1)
    assert not vision.state.patient


def test_of_two_batches_on_one_device_neither_is_charged_for_the_other() -> None:
    """The second begins while the first is at work, and has the device when that is done with it."""
    ends = iter((0.0, 12.0, 20.0, 31.0))
    device = DeviceTime(lambda: next(ends))
    assert [device.spent(started) for started in (0.0, 1.0, 25.0)] == [12.0, 8.0, 6.0]


def test_a_model_on_a_device_is_charged_by_its_time() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    loaded.on_device()
    first = loaded.clock()
    assert loaded.spent(first) + loaded.spent(first) <= loaded.clock() - first


def cost(rows: int) -> float:
    """What batches of a model really cost that gains up to four rows, and loses beyond them."""
    return 0.001 + 0.002 * rows + 0.001 * max(0, rows - 4)


def measured_while_busy() -> BatchCurve:
    """Four rows were held up, so that 32 seemed to be best."""
    sizes = [1, 2, 4, 8, 16, 32]
    return BatchCurve(sizes, [0.004, 0.006, 0.019, 0.035, 0.060, 0.088])


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(measured_while_busy(), id="too large"),
        pytest.param(BatchCurve([1, 2], [0.003, 0.008]), id="too small"),
    ],
)
def test_a_curve_that_was_measured_while_busy_recovers(curve: BatchCurve) -> None:
    """Under full load: every batch is as large as planning allows. The best size is 4, here by 10 %."""
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), curve)
    assert loaded.max_batch != 4
    for second in range(600):
        for _ in range(20):
            rows = loaded.state.max_batch
            loaded.took(rows, cost(rows), 0.0)
        loaded.learn(float(second))
    assert loaded.max_batch == 4
    assert loaded.curve.cost(4) == pytest.approx(cost(4), rel=0.05)


def test_other_sizes_are_tried_for_a_moment_and_no_larger_than_fit_into_memory() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    tried = []
    for second in range(0, 120, 30):
        loaded.learn(float(second))
        tried.append(loaded.state.max_batch)
        while loaded.state.max_batch != loaded.max_batch:
            loaded.took(loaded.state.max_batch, 0.004 * loaded.state.max_batch, 0.0)
        if second == 30:
            loaded.halve(8)
    assert tried == [8, 2, 4, 2]


def test_memory_that_runs_out_halves_the_batch_down_to_one() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    sizes = [loaded.max_batch]
    for rows in (4, 4, 2, 1):
        loaded.halve(rows)
        sizes.append(loaded.max_batch)
    assert sizes == [4, 2, 2, 1, 1], "two batches that ran side by side halve it once"


def test_a_larger_size_that_memory_runs_out_for_is_tried_no_more() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    loaded.learn(0.0)
    assert loaded.state.max_batch == 8
    loaded.halve(8)
    assert loaded.state.max_batch == loaded.max_batch == 4


def test_it_learns_what_a_batch_costs_the_loop() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    for second in range(200):
        loaded.took(4, 0.012, 0.0002)
        loaded.learn(float(second))
    assert loaded.loop.cost(4) == pytest.approx(0.0002, rel=0.01)


def test_of_a_batch_that_failed_nothing_is_learnt() -> None:
    loaded = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
    loaded.took(4, 0.0, 0.0)
    loaded.learn(0.0)
    assert loaded.curve == CURVE


@pytest.mark.parametrize(("hz", "seconds"), [(4.0, 0.25), (EVERY_WINDOW, 0.001)])
def test_a_frames_period_is_as_long_as_it_is_wanted_often(hz: float, seconds: float) -> None:
    assert LoadedVisionModel(FakeVision(), FakeEngine(), CURVE).period(hz) == seconds


@pytest.mark.parametrize(("window", "period_s"), [(512, 0.032), (480, 0.03), (800, 0.05)])
def test_windows_come_once_a_hop(window: int, period_s: float) -> None:
    loaded = LoadedAudioModel(
        FakeVad(window), FakeEngine(), BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0011])
    )
    assert loaded.period(EVERY_WINDOW) == loaded.period(100.0) == period_s
    assert loaded.period(2.0) == 0.5


def test_what_is_quick_is_sound_alone() -> None:
    curve = BatchCurve([1, 2, 4], [0.001, 0.002, 0.004])
    assert LoadedAudioModel(FakeVad(512), FakeEngine(), curve).state.quick == 2
    assert LoadedVisionModel(FakeVision(), FakeEngine(), curve).state.quick == 0
