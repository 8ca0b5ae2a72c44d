import kaldi_native_fbank as kaldi
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.kernels.sound.fbank import fbank, htk_bands


def of_kaldi(sound: NDArray[np.float32], bands: int) -> NDArray[np.float32]:
    options = kaldi.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.window_type = "hamming"
    options.mel_opts.num_bins = bands
    computed = kaldi.OnlineFbank(options)
    computed.accept_waveform(16_000, sound.tolist())
    computed.input_finished()
    return np.stack([computed.get_frame(number) for number in range(computed.num_frames_ready)])


@pytest.mark.parametrize("bands", [80, 40])
@pytest.mark.parametrize("scale", [3000.0, 30.0])
def test_bands_are_those_of_kaldi(bands: int, scale: float) -> None:
    rng = np.random.default_rng(bands)
    tone = np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 440)
    sounds = (scale * (np.stack([tone, tone * 0]) + rng.normal(0.2, 0.3, (2, 16_000)))).astype(np.float32)
    found = fbank(sounds, 16_000, 400, 160, bands)
    assert found.shape == (2, 98, bands)
    for row, sound in zip(found, sounds, strict=True):
        np.testing.assert_allclose(row, of_kaldi(sound, bands), atol=2e-3)


def test_silence_is_the_floor() -> None:
    found = fbank(np.zeros((1, 400), np.float32), 16_000, 400, 160, 80)
    np.testing.assert_allclose(found, np.log(np.finfo(np.float32).eps), rtol=1e-6)


def test_no_band_reaches_below_20_hz() -> None:
    assert not htk_bands(16_000, 512, 80)[0].any()
