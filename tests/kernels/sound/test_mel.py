import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels import reference
from argusd.kernels.sound.mel import hann, mel_bands, power_spectra, to_frames

BANKS = [(16_000, 400, 40, 0.0, None), (16_000, 800, 80, 55.0, 7600.0), (8_000, 256, 20, 0.0, 4000.0)]


def noise(rows: int, length: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, (rows, length)).astype(np.float32)


@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 50), st.integers(0, 200))
def test_frames_are_whole_and_a_hop_apart(rows: int, size: int, hop: int, more: int) -> None:
    sound = noise(rows, size + more)
    frames = to_frames(sound, size, hop)
    assert frames.shape == (rows, 1 + more // hop, size)
    for number in range(frames.shape[1]):
        np.testing.assert_array_equal(frames[:, number], sound[:, number * hop : number * hop + size])


@pytest.mark.parametrize(("rate", "n_fft", "bands", "low", "high"), BANKS)
def test_bands_are_those_of_librosa(
    rate: int, n_fft: int, bands: int, low: float, high: float | None
) -> None:
    theirs = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands, fmin=low, fmax=high)
    np.testing.assert_allclose(mel_bands(rate, n_fft, bands, low, high), theirs.T, atol=1e-7)


def test_the_window_is_the_periodic_one() -> None:
    np.testing.assert_allclose(hann(4), [0, 0.5, 1, 0.5], atol=1e-7)


def test_power_of_a_tone_lies_in_its_bin() -> None:
    time = np.arange(400) / 16_000
    tone = np.cos(2 * np.pi * 1000 * time, dtype=np.float32)[None, None]  # bin 25 of 40 Hz each
    power = power_spectra(tone, np.ones(400, np.float32))[0, 0]
    assert power[25] == pytest.approx(200**2, rel=1e-5)
    assert np.delete(power, 25).max() < 1e-3


@pytest.mark.parametrize(("rate", "n_fft", "bands", "low", "high"), BANKS)
def test_mel_spectra_agree_with_the_oracle(
    rate: int, n_fft: int, bands: int, low: float, high: float | None
) -> None:
    sound = noise(2, 4 * n_fft)
    frames = to_frames(sound, n_fft, n_fft // 4)
    found = power_spectra(frames, hann(n_fft)) @ mel_bands(rate, n_fft, bands, low, high)
    expected = reference.mel_spectra(
        sound, n_fft, n_fft // 4, reference.mel_bank(rate, n_fft, bands, low, high)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)
