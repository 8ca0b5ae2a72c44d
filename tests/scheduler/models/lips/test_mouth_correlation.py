"""The correlation of a mouth's opening with the loudness of speech, on mouths that a test moves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.scheduler.models.lag_search import FPS, LAGS, STEP, estimate
from argusd.scheduler.models.lips.mouth_correlation import (
    STEPS,
    WINDOW,
    Correlation,
    MouthCorrelation,
    band_levels,
    on_grid,
)
from argusd.scheduler.models.outputs import LagCurve, SeenMouth

RATE = 16_000
NO_CROPS = np.zeros((0, 48, 96, 3), np.uint8)


def syllables(seed: int) -> NDArray[np.float64]:
    """How loud each sample of nine seconds is, 0..1: bumps of 60 to 120 ms at random times."""
    random = np.random.default_rng(seed)
    times = np.arange(9 * RATE) / RATE
    loud = np.zeros(len(times))
    for middle in np.cumsum(random.uniform(0.15, 0.4, 60)):
        loud += random.uniform(0.3, 1) * np.exp(-(((times - middle) / random.uniform(0.06, 0.12)) ** 2))
    return np.clip(loud, 0, 1)


def spoken(loud: NDArray[np.float64], seed: int) -> NDArray[np.int16]:
    noise = np.random.default_rng(seed).normal(size=len(loud))
    return np.clip(noise * loud * 6000, -32768, 32767).astype(np.int16)


def mouth(loud: NDArray[np.float64], begin_s: float, times: NDArray[np.float64]) -> SeenMouth:
    """A mouth that opens as far as it is loud, looked at ``times`` after ``begin_s``."""
    at = ((begin_s + times) * RATE).astype(int)
    return SeenMouth(times, 0.1 + 0.2 * loud[at], np.zeros(0), NO_CROPS)


def compared(samples: NDArray[np.int16], seen: SeenMouth) -> LagCurve | None:
    model = MouthCorrelation()
    [found] = model.compare(Correlation().run(model.pair(samples[np.newaxis], [seen])), [seen])
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(-0.5, 0.5), st.floats(10, 30))
def test_sound_that_is_moved_is_found_where_it_went(seed: int, late_s: float, looks_per_s: float) -> None:
    loud = syllables(seed)
    sound = spoken(loud, seed)
    begin_s = 1.0  # of the mouth's time; sound that is late began earlier
    first = round((begin_s - late_s) * RATE)
    seen = mouth(loud, begin_s, np.arange(0, WINDOW / RATE, 1 / looks_per_s))
    curve = compared(sound[first : first + WINDOW], seen)
    assert curve is not None
    found = estimate(curve.likeness)
    assert found.offset_ms == pytest.approx(1000 * late_s, abs=30)
    assert found.peak > curve.threshold
    if abs(late_s) < 0.1:
        assert found.score == pytest.approx(found.peak, abs=1e-6), "nobody notices so little"


def test_a_mouth_that_was_out_of_sight_for_long_is_not_compared() -> None:
    loud = syllables(1)
    times = np.arange(0, 6, 1 / 15)
    away = times[(times < 2) | (times > 4)]
    assert compared(spoken(loud, 1)[:WINDOW], mouth(loud, 0, away)) is None
    assert compared(spoken(loud, 1)[:WINDOW], mouth(loud, 0, np.zeros(0))) is None
    blinked = times[(times < 2) | (times > 2.2)]
    assert compared(spoken(loud, 1)[:WINDOW], mouth(loud, 0, blinked)) is not None


def test_silence_and_a_still_mouth_agree_with_nothing() -> None:
    loud = syllables(2)
    times = np.arange(0, 6, 1 / 15)
    silence = compared(np.zeros(WINDOW, np.int16), mouth(loud, 0, times))
    still = compared(spoken(loud, 2)[:WINDOW], mouth(np.zeros_like(loud), 0, times))
    assert silence is not None
    assert still is not None
    assert not silence.likeness.any()
    assert not still.likeness.any()


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    model = MouthCorrelation()
    loud = [syllables(seed) for seed in range(3)]
    sounds = np.stack([spoken(each, 5)[:WINDOW] for each in loud])
    seen = [mouth(each, 0, np.arange(0, 6.2, 0.05)) for each in loud]
    together = model.compare(Correlation().run(model.pair(sounds, seen)), seen)
    for row, sound, each in zip(together, sounds, seen, strict=True):
        alone = compared(sound, each)
        assert row is not None
        assert alone is not None
        np.testing.assert_allclose(row.likeness, alone.likeness, atol=1e-12)


def test_the_probe_can_run_it() -> None:
    likeness, seen = Correlation().run(MouthCorrelation().example(4))
    assert (likeness.shape, seen.shape) == ((4, 2 * LAGS + 1), (4,))


def test_one_grid_for_both() -> None:
    """A look at the middle of step k is step k's own value; the mouth's steps begin a longest lag later."""
    times = (np.arange(STEPS + 2 * LAGS) + 0.5) / FPS
    grid = on_grid(times, np.arange(len(times)) * 1.0)
    np.testing.assert_allclose(grid.values, np.arange(LAGS, LAGS + STEPS))
    click = np.zeros((1, WINDOW), np.int16)
    click[0, 40 * STEP + STEP // 2] = 30_000
    assert band_levels(click)[0].argmax(axis=1).tolist() == [40, 40]
