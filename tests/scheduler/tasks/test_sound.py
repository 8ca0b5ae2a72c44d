"""What callers send as sound, and what becomes of it."""

import io
import wave

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.scheduler.tasks import sound
from argusd.scheduler.tasks.errors import AudioTooLong, BadAudio
from argusd.scheduler.tasks.sound import decode_sound

TONE_HZ = 440


def tone(rate: int, seconds: float = 1.0) -> NDArray[np.int16]:
    time = np.arange(int(rate * seconds)) / rate
    return (10_000 * np.sin(2 * np.pi * TONE_HZ * time)).astype(np.int16)


def wav(samples: NDArray[np.int16], rate: int, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.repeat(samples, channels).tobytes())
    return file.getvalue()


def encoded(kind: str, codec: str, rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(tone(rate)[None], format="s16", layout="mono")
        frame.sample_rate = rate
        for resampled in av.AudioResampler(stream.format, "mono", rate, frame_size=960).resample(frame):
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return file.getvalue()


def pitch(samples: NDArray[np.int16]) -> float:
    """The strongest frequency, Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * 16_000 / len(samples))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_raw_samples_of_any_rate_keep_their_length_and_pitch(rate: int) -> None:
    samples = decode_sound(tone(rate).tobytes(), rate)
    assert samples.dtype == np.int16
    assert len(samples) == pytest.approx(16_000, abs=32)
    assert pitch(samples) == pytest.approx(TONE_HZ, abs=2)


def test_samples_at_16_khz_come_through_unchanged() -> None:
    np.testing.assert_array_equal(decode_sound(tone(16_000).tobytes(), 16_000), tone(16_000))
    np.testing.assert_array_equal(decode_sound(wav(tone(16_000), 16_000), None), tone(16_000))


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        pytest.param(wav(tone(44_100), 44_100, channels=2), 32, id="stereo wav"),
        pytest.param(encoded("flac", "flac", 48_000), 32, id="flac"),
        pytest.param(encoded("ogg", "libopus", 48_000), 400, id="opus"),
    ],
)
def test_containers_bring_their_own_rate(data: bytes, tolerance: int) -> None:
    samples = decode_sound(data, None)
    assert len(samples) == pytest.approx(16_000, abs=tolerance)
    assert pitch(samples) == pytest.approx(TONE_HZ, abs=2)


@pytest.mark.parametrize(
    ("data", "rate", "told"),
    [
        pytest.param(tone(16_000).tobytes(), None, "sample_rate", id="raw without a rate"),
        pytest.param(b"", None, "sample_rate", id="nothing"),
        pytest.param(b"", 16_000, "empty", id="no samples"),
        pytest.param(b"\0" * 33, 16_000, "odd", id="half a sample"),
        pytest.param(wav(tone(16_000, 0), 16_000), None, "empty", id="wav without samples"),
        pytest.param(wav(tone(16_000), 16_000)[:9_000], None, "cut off", id="cut wav"),
        pytest.param(wav(tone(16_000), 16_000), 8_000, "8000 Hz, the file 16000 Hz", id="two rates"),
        pytest.param(b"fLaC" + b"\xff" * 500, None, "damaged", id="not really flac"),
        pytest.param(b"OggS" + b"\0" * 500, None, "damaged", id="not really ogg"),
        pytest.param(b"RIFF\0\0\0\0WAVE" + b"\1" * 40, None, "damaged", id="not really wav"),
    ],
)
def test_what_cannot_be_used_is_named(data: bytes, rate: int | None, told: str) -> None:
    with pytest.raises(BadAudio, match=told):
        decode_sound(data, rate)


def test_what_lasts_too_long_is_not_decoded_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "MAX_SECONDS", 2)
    for data, rate in ((tone(8_000, 3).tobytes(), 8_000), (wav(tone(8_000, 3), 8_000), None)):
        with pytest.raises(AudioTooLong):
            decode_sound(data, rate)


@given(st.sampled_from([b"fLaC", b"OggS", b"RIFF\xff\xff\xff\xffWAVEfmt "]), st.binary(max_size=400))
def test_arbitrary_bytes_give_samples_or_a_typed_error(begin: bytes, rest: bytes) -> None:
    try:
        samples = decode_sound(begin + rest, None)
    except BadAudio:
        return
    assert len(samples) > 0
