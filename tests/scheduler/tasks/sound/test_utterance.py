import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import NoSpeech, TooShort
from argusd.scheduler.models.outputs import VoiceActivity
from argusd.scheduler.tasks.sound.utterance import cut, require_sound, utterance

HOP = 512
SPOKEN, SILENT = VoiceActivity(0.9, 0.1), VoiceActivity(0.1, 0.001)


def sound(windows: int) -> NDArray[np.int16]:
    """Every sample of a window is the window's number."""
    return np.repeat(np.arange(windows, dtype=np.int16), HOP)


def test_pauses_are_left_out_but_not_the_edges_of_speech() -> None:
    voices = [SILENT] * 10 + [SPOKEN] * 20 + [SILENT] * 30 + [SPOKEN] * 5 + [SILENT] * 2
    heard = utterance(sound(67), voices, HOP)
    assert sorted(set(heard.samples.tolist())) == [*range(7, 33), *range(57, 67)]
    assert heard.speech_s == 25 * 0.032


def test_a_detector_of_other_windows_finds_the_same_speech() -> None:
    """Windows of 100 ms: what is kept around speech is as near to 96 ms as whole windows are."""
    voices = [SILENT] * 3 + [SPOKEN] * 6 + [SILENT] * 3
    heard = utterance(np.repeat(np.arange(12, dtype=np.int16), 1600), voices, 1600)
    assert sorted(set(heard.samples.tolist())) == [*range(2, 10)]
    assert heard.speech_s == pytest.approx(0.6)


def test_speech_over_noise() -> None:
    heard = utterance(sound(40), [SILENT] * 10 + [SPOKEN] * 30, HOP)
    assert heard.snr_db == pytest.approx(20 * np.log10(100), abs=0.01)


def test_without_pauses_the_quietest_speech_is_the_noise() -> None:
    voices = [VoiceActivity(0.9, 0.1)] * 30 + [VoiceActivity(0.9, 0.01)] * 10
    assert utterance(sound(40), voices, HOP).snr_db == pytest.approx(18.7, abs=0.1)


def test_digital_silence_is_no_endless_ratio() -> None:
    heard = utterance(sound(40), [VoiceActivity(0.1, 0.0)] * 10 + [VoiceActivity(0.9, 1.0)] * 30, HOP)
    assert heard.snr_db == pytest.approx(101.1, abs=0.1)  # of 16 bits


def test_samples_at_the_limit_are_counted() -> None:
    samples = sound(40)
    samples[:512], samples[512:1024] = -32768, 32767
    assert utterance(samples, [SPOKEN] * 40, HOP).clipped == 0.05


def test_nobody_speaks() -> None:
    with pytest.raises(NoSpeech):
        utterance(sound(40), [SILENT] * 40, HOP)


def test_a_word_is_too_little() -> None:
    with pytest.raises(TooShort, match=r"0\.32 s of speech"):
        utterance(sound(40), [SPOKEN] * 10 + [SILENT] * 30, HOP)


def test_fifty_milliseconds_are_not_listened_to() -> None:
    with pytest.raises(TooShort, match=r"0\.05 s"):
        require_sound(np.zeros(800, np.int16))
    require_sound(np.zeros(6400, np.int16))


@given(st.integers(1, 400), st.integers(1, 100), st.integers(1, 100))
def test_windows_are_a_stride_apart_and_mostly_sound(length: int, window: int, stride: int) -> None:
    samples = np.arange(1, length + 1, dtype=np.int16)
    windows = cut(samples, window, stride)
    for number, row in enumerate(windows):
        expected = samples[number * stride : number * stride + window]
        np.testing.assert_array_equal(row[: len(expected)], expected)
        assert not row[len(expected) :].any()
        assert number == 0 or len(expected) >= 0.75 * window
    assert length - len(windows) * stride < window  # one window more would not be full
