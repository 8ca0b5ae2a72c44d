"""SyncNet's inputs against Wav2Lip's own formulae, and its search over lags on embeddings of a test's own."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from argusd.scheduler.models.lag_search import FPS, LAGS, estimate
from argusd.scheduler.models.lips.syncnet import (
    APART,
    FIRST,
    MOMENTS,
    SOUNDS,
    SPECTRA,
    WINDOW,
    SyncNet,
    chosen,
    first_spectrum,
    mels,
    stacked,
    windows,
)
from argusd.scheduler.models.outputs import SeenMouth, SyncEstimate

RATE = 16_000
NOTHING = np.zeros(0)


def wav2lip_mels(wav: NDArray[np.float64]) -> NDArray[np.float64]:
    """``audio.melspectrogram`` under ``hparams.py``, ``[80, T]``, with librosa."""
    sharp = signal.lfilter([1, -0.97], [1], wav)
    magnitudes = np.abs(librosa.stft(y=sharp, n_fft=800, hop_length=200, win_length=800))
    bands = librosa.filters.mel(sr=RATE, n_fft=800, n_mels=80, fmin=55, fmax=7600) @ magnitudes
    level = 20 * np.log10(np.maximum(1e-5, bands)) - 20
    return np.asarray(np.clip(8 * ((level + 100) / 100) - 4, -4, 4), np.float64)


@pytest.mark.parametrize("gain", [30, 3000, 12_000])
def test_mels_are_wav2lips(gain: int) -> None:
    """To 2e-3 of their range of 8 where sound is loud or quiet: float32 against float64."""
    random = np.random.default_rng(2)
    tone = np.sin(np.cumsum(random.uniform(0.05, 0.9, WINDOW)))
    samples = np.clip(gain * (tone + 0.1 * random.normal(size=WINDOW)), -32768, 32767).astype(np.int16)
    found = mels(samples[None])[0]
    assert found.shape == (SPECTRA, 80)
    # Theirs are centred on multiples of 200; step 0 begins at sample FIRST, which is not one.
    begin = FIRST % 200
    theirs = wav2lip_mels(samples[begin:] / 32768).T[(FIRST - begin) // 200 :][:SPECTRA]
    np.testing.assert_allclose(found, theirs, atol=2e-3)
    assert np.abs(found).max() < 4 or gain == 30


def test_silence_is_the_floor() -> None:
    assert (mels(np.zeros((1, WINDOW), np.int16)) == -4).all()


def test_a_window_begins_with_its_picture_as_in_training() -> None:
    spectra = np.arange(SPECTRA, dtype=np.float32)[None, :, None].repeat(80, axis=2)
    found = windows(spectra)
    assert found.shape == (SOUNDS, 1, 80, 16)
    for step in (0, 1, 2, 7, SOUNDS - 1):
        begin = int(80.0 * (step / 25.0))  # crop_audio_window
        assert first_spectrum(step) == begin
        np.testing.assert_array_equal(found[step, 0, 5], np.arange(begin, begin + 16))


def test_pictures_lie_one_after_the_other_on_the_channels() -> None:
    pictures = np.arange(5, dtype=np.uint8)[:, None, None, None] * 10 + np.arange(3, dtype=np.uint8)
    found = stacked(np.broadcast_to(pictures, (5, 48, 96, 3)))
    expected = [10 * picture + channel for picture in range(5) for channel in range(3)]
    np.testing.assert_allclose(255 * found[:, 0, 0], expected, atol=1e-4)


@given(st.sampled_from([24, 25, 30, 50]), st.floats(0, 0.04))
def test_each_step_has_the_picture_nearest_to_it(fps: int, phase: float) -> None:
    times = np.arange(phase, 3.2, 1 / fps)
    found = chosen(times)
    assert sorted(found) == list(range(MOMENTS))
    for moment, pictures in found.items():
        steps = FIRST / RATE + (LAGS + APART * moment + np.arange(5)) / FPS
        assert np.abs(times[pictures] - steps).max() <= 0.022
        assert all(step == np.abs(times - at).argmin() for step, at in zip(pictures, steps, strict=True))


def test_a_moment_without_all_its_pictures_is_left_out() -> None:
    times = np.arange(0, 3.2, 1 / FPS)
    third = FIRST / RATE + (LAGS + 2 * APART + 3) / FPS
    assert sorted(chosen(times[np.abs(times - third) > 0.03])) == [0, 1, 3, 4, 5]
    assert chosen(NOTHING) == {}
    assert chosen(times[:1]) == {}
    assert chosen(np.arange(0, 3.2, 1 / 10)) == {}, "a slow camera shows no speech"


def seen(times: NDArray[np.float64]) -> SeenMouth:
    return SeenMouth(NOTHING, NOTHING, times, np.zeros((len(times), 48, 96, 3), np.uint8))


def found_for(late: int, noise: float, seed: int, times: NDArray[np.float64]) -> SyncEstimate | None:
    """Embeddings of a mouth, and of the sound that belongs to them ``late`` steps later."""
    random = np.random.default_rng(seed)
    said = np.abs(random.normal(size=(SOUNDS + 2 * LAGS, 512)))  # by step
    steps = LAGS + APART * np.arange(MOMENTS)
    faces = said[LAGS + steps] + noise * np.abs(random.normal(size=(MOMENTS, 512)))
    sounds = said[LAGS - late + np.arange(SOUNDS)]
    [curve] = SyncNet("syncnet").compare([faces, sounds], [seen(times)])
    return curve and estimate(curve.likeness)


@settings(max_examples=40)
@given(st.integers(-LAGS, LAGS), st.floats(0, 1), st.integers(0, 1000))
def test_the_lag_is_found_and_positive_where_sound_is_late(late: int, noise: float, seed: int) -> None:
    found = found_for(late, noise, seed, np.arange(0, 3.2, 1 / FPS))
    assert found is not None
    assert found.offset_ms == pytest.approx(40 * late, abs=10)
    assert (found.score == found.peak) == (abs(late) <= 3)
    if not noise:
        assert found.peak == pytest.approx(1, abs=1e-5)


def test_with_pictures_of_too_few_moments_nothing_is_said() -> None:
    assert found_for(0, 0, 1, np.arange(0, 1.0, 1 / FPS)) is None
    half = found_for(6, 0, 1, np.arange(0, 1.9, 1 / FPS))
    assert half is not None
    assert half.offset_ms == pytest.approx(240, abs=10)


def test_rows_of_a_batch_are_fed_their_own() -> None:
    model, times = SyncNet("syncnet"), np.arange(0, 3.2, 1 / FPS)
    mouths = [
        seen(times)._replace(crops=np.full((len(times), 48, 96, 3), 40 * row, np.uint8)) for row in (1, 2)
    ]
    samples = np.zeros((2, WINDOW), np.int16)
    samples[1] = 1000 * np.random.default_rng(0).normal(size=WINDOW)
    feeds = model.pair(samples, mouths)
    assert {name: feed.shape for name, feed in feeds.items()} == {
        name: feed.shape for name, feed in model.example(2).items()
    }
    brightness = feeds["faces"].reshape(2, MOMENTS, -1).mean(axis=2)
    np.testing.assert_allclose(brightness, [[40 / 255] * MOMENTS, [80 / 255] * MOMENTS], rtol=1e-5)
    silent, loud = feeds["mels"].reshape(2, SOUNDS, -1)
    assert (silent == -4).all()
    assert loud.min() > -4
