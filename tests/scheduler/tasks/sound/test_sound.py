"""What callers send as sound, and what becomes of it."""

import io
import signal
import struct
import subprocess
from typing import NoReturn

import av
import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels.file_kinds import id3_size
from argusd.scheduler.contract.errors import AudioTooLong, BadAudio, DeadlineExceeded
from argusd.scheduler.tasks.sound import apart, decoding
from argusd.scheduler.tasks.sound.recording import decode_recording
from argusd.scheduler.tasks.sound.sound import decode_sound

from ....sounds import TONE_HZ, encoded, id3_tag, riff, tone, wav, wav_format

OTHER_HZ = 1_000


def strength(samples: NDArray[np.int16], hertz: float = TONE_HZ) -> float:
    """How loud a tone of that frequency is, as its amplitude."""
    time = np.arange(len(samples)) / 16_000
    return float(2 * np.abs(np.mean(samples * np.exp(-2j * np.pi * hertz * time))))


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


CONTAINERS = [
    ("webm", "libopus", 48_000, 0),
    ("ogg", "libopus", 48_000, 0),
    ("ogg", "libopus", 16_000, 0),
    ("matroska", "pcm_s16le", 44_100, 32),
    ("mp4", "aac", 44_100, 1_600),  # encoders of AAC begin before the sound and end after it
    ("ipod", "alac", 44_100, 32),
    ("mov", "pcm_s16le", 48_000, 32),
    ("3gp", "aac", 16_000, 1_600),
    ("adts", "aac", 44_100, 1_600),
    ("mp3", "libmp3lame", 22_050, 32),
    ("mp2", "mp2", 16_000, 800),
    ("flac", "flac", 48_000, 32),
    ("w64", "pcm_s16le", 48_000, 32),
    ("aiff", "pcm_s16be", 44_100, 32),
    ("aiff", "pcm_f32be", 16_000, 0),
    ("caf", "pcm_s16be", 44_100, 32),
    ("caf", "pcm_f32le", 16_000, 0),
    ("au", "pcm_s16be", 16_000, 0),
    ("au", "pcm_mulaw", 8_000, 32),
    ("wv", "wavpack", 44_100, 32),
    ("tta", "tta", 44_100, 32),
    ("voc", "pcm_s16le", 16_000, 0),
    ("vob", "mp2", 48_000, 1_600),
    ("avi", "pcm_s16le", 16_000, 0),
    ("flv", "aac", 44_100, 1_600),
    ("mpegts", "aac", 44_100, 1_600),
    ("wav", "pcm_u8", 8_000, 32),
    ("wav", "pcm_s24le", 96_000, 32),
    ("wav", "pcm_s32le", 16_000, 0),
    ("wav", "pcm_f32le", 16_000, 0),
    ("wav", "pcm_f64le", 16_000, 0),
    ("wav", "pcm_alaw", 8_000, 32),
    ("wav", "pcm_mulaw", 8_000, 32),
    ("wav", "adpcm_ms", 16_000, 600),
]


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize(("container", "codec", "rate", "tolerance"), CONTAINERS)
def test_containers_bring_their_own_rate(
    container: str, codec: str, rate: int, tolerance: int, layout: str
) -> None:
    channels = np.stack([tone(rate)] * (1 if layout == "mono" else 2))
    data = encoded(container, codec, rate, channels, layout)
    own = 48_000 if codec == "libopus" else rate
    samples = decode_sound(data, own if layout == "stereo" else None)
    assert len(samples) == pytest.approx(16_000, abs=tolerance)
    assert strength(samples[2_000:14_000]) == pytest.approx(10_000, rel=0.1)


@pytest.mark.parametrize("said", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("container", ["ogg", "webm", "mp4"])
def test_opus_has_no_rate_of_its_own(container: str, said: int) -> None:
    data = encoded(container, "libopus", 16_000)
    assert len(decode_sound(data, said)) == pytest.approx(16_000, abs=300)


def with_checksum(data: bytes, at: int, length: int) -> bytes:
    """The same with the checksum of the page there mended (RFC 3533, 6)."""
    page = data[at : at + 22] + bytes(4) + data[at + 26 : at + length]
    return data[: at + 22] + struct.pack("<I", ogg_checksum(page)) + data[at + 26 :]


def opus(rate_before: int = 16_000, gain: int = 0) -> bytes:
    """Ogg with another original rate and output gain in its OpusHead (RFC 7845, 5.1)."""
    data = encoded("ogg", "libopus", 48_000)
    head = data.index(b"OpusHead") + 12
    data = data[:head] + struct.pack("<Ih", rate_before, gain) + data[head + 6 :]
    return with_checksum(data, 0, head + 7)


def opus_until(granule: int) -> bytes:
    """Half a second of Ogg that ends at so many samples at 48 kHz, those to be skipped among them."""
    data = encoded("ogg", "libopus", 48_000, tone(48_000, 0.5))
    last = data.rindex(b"OggS")
    data = data[: last + 6] + struct.pack("<q", granule) + data[last + 14 :]
    return with_checksum(data, last, len(data) - last)


def ogg_checksum(page: bytes) -> int:
    remainder = 0
    for byte in page:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x04C11DB7 if remainder >> 31 else 0)) & 0xFFFFFFFF
    return remainder


@pytest.mark.parametrize("before", [0, 8_000, 44_100, 192_000, 0xFFFFFFFF])
def test_what_opus_was_recorded_at_changes_nothing(before: int) -> None:
    np.testing.assert_array_equal(decode_sound(opus(before), None), decode_sound(opus(48_000), None))


def test_the_gain_of_an_opus_file_is_applied() -> None:
    louder = strength(decode_sound(opus(gain=6 * 256), None))
    assert louder / strength(decode_sound(opus(), None)) == pytest.approx(10 ** (6 / 20), rel=0.01)


def test_what_opus_encoders_add_is_trimmed_at_both_ends() -> None:
    skipped = 312  # what libopus looks ahead
    for granule in (24_012, 24_100, 24_500):
        assert len(decode_sound(opus_until(granule), None)) == pytest.approx((granule - skipped) / 3, abs=1)
    for seconds in (0.5, 0.513, 1.007):
        data = encoded("webm", "libopus", 48_000, tone(48_000, seconds))
        assert len(decode_sound(data, None)) == pytest.approx(16_000 * seconds, abs=1)


def test_a_tag_before_the_sound_is_passed_over() -> None:
    tag = id3_tag(b"\xff\xfb\x90\x64" * 500)
    for form in (("mp3", "libmp3lame"), ("adts", "aac"), ("flac", "flac")):
        data = encoded(*form)
        plain = data[id3_size(data) :]
        np.testing.assert_array_equal(decode_sound(tag + plain, None), decode_sound(plain, None))


def test_an_mp3_that_begins_amid_a_frame_is_heard_from_the_next() -> None:
    data = encoded("mp3", "libmp3lame", 16_000, tone(16_000, 5))
    plain = data[id3_size(data) :]
    second = plain.index(plain[:2], 400)
    assert pitch(decode_sound(plain[second:], None)) == pytest.approx(TONE_HZ, abs=2)


def with_picture(container: str, sounds: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as writer:
        video = writer.add_stream("mpeg4" if container == "mp4" else "libvpx", rate=10)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        streams = [
            writer.add_stream("aac" if container == "mp4" else "libopus", 48_000) for _ in range(sounds)
        ]
        for _ in range(10):
            writer.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        writer.mux(video.encode(None))
        for number, stream in enumerate(streams):
            assert isinstance(stream, av.AudioStream)
            sound = tone(48_000, hertz=(TONE_HZ, OTHER_HZ)[number])
            for start in range(0, len(sound) - 960, 960):
                frame = av.AudioFrame.from_ndarray(
                    sound[None, start : start + 960].astype(np.float32) / 32768, "fltp", "mono"
                )
                frame.sample_rate, frame.pts = 48_000, start
                converted = av.AudioResampler(
                    stream.format, stream.layout, 48_000, frame_size=stream.codec_context.frame_size
                )
                for part in (*converted.resample(frame), *converted.resample(None)):
                    writer.mux(stream.encode(part))
            writer.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_of_a_film_the_first_sound_is_heard(container: str) -> None:
    for sounds in (1, 2):
        assert pitch(decode_sound(with_picture(container, sounds), None)) == pytest.approx(TONE_HZ, abs=15)
    with pytest.raises(BadAudio, match="holds pictures and no sound"):
        decode_sound(with_picture(container, 0), None)


VOICES = tone(16_000), tone(16_000, hertz=OTHER_HZ)
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
FILM_LAYOUT = (0, 0, 1, 0, 0, 0)  # 5.1: speech comes from the centre


@pytest.mark.parametrize(
    ("channels", "loudness"),
    [
        pytest.param([VOICES[0], VOICES[0]], (10_000, 0), id="alike"),
        pytest.param([VOICES[0], -VOICES[0]], (10_000, 0), id="opposed"),
        pytest.param([VOICES[0], -VOICES[0] // 2], (7_500, 0), id="opposed, one quieter"),
        pytest.param([VOICES[0], 0 * VOICES[0]], (10_000, 0), id="one dead"),
        pytest.param([0 * VOICES[0], VOICES[0]], (10_000, 0), id="the other dead"),
        pytest.param([VOICES[0], VOICES[1]], (5_000, 5_000), id="one person a channel"),
        pytest.param([VOICES[0], -VOICES[0], 0 * VOICES[0]], (10_000, 0), id="three channels"),
        pytest.param([VOICES[0] * share for share in FILM_LAYOUT], (10_000, 0), id="speech in the centre"),
    ],
)
def test_no_voice_is_lost_on_the_way_to_one_channel(
    channels: list[NDArray[np.int16]], loudness: tuple[float, float]
) -> None:
    samples = decode_sound(wav(np.stack(channels).astype(np.int16), 16_000), None)
    assert len(samples) == 16_000
    for hertz, loud in zip((TONE_HZ, OTHER_HZ), loudness, strict=True):
        assert strength(samples, hertz) == pytest.approx(loud, abs=50)


@pytest.mark.parametrize("channels", range(1, 9))
def test_a_voice_on_any_of_many_channels_is_heard(channels: int) -> None:
    for channel in range(channels):
        sound = np.zeros((channels, 16_000), np.int16)
        sound[channel] = VOICES[0]
        np.testing.assert_array_equal(decode_sound(wav(sound, 16_000), None), VOICES[0])
        flac = encoded("flac", "flac", 16_000, sound, LAYOUTS[channels])
        np.testing.assert_array_equal(decode_sound(flac, None), VOICES[0])


def test_a_voice_that_is_opposed_for_a_while_is_heard_throughout() -> None:
    voice = tone(16_000, 4)
    half = len(voice) // 2
    turned = np.concatenate([voice[:half], -voice[half:]])
    samples = decode_sound(wav(np.stack([voice, turned]), 16_000), None)
    assert all(strength(part) == pytest.approx(10_000, rel=0.02) for part in np.split(samples, 8))


def pcm(tag: int, bits: int, samples: bytes, channels: int = 1) -> bytes:
    return riff((b"fmt ", wav_format(tag, channels, bits=bits), None), (b"data", samples, None))


def test_float64_samples_are_what_they_say() -> None:
    sound = tone(16_000)
    for kind, bits in (("<f8", 64), ("<f4", 32)):
        data = pcm(3, bits, (sound / 32768).astype(kind).tobytes())
        np.testing.assert_array_equal(decode_sound(data, None), sound)


def test_a_wav_from_a_pipe_is_heard_to_its_end() -> None:
    sound = tone(16_000)
    for size in (0, 0x7FFFFFFF, 0xFFFFFFFF):
        data = riff((b"fmt ", wav_format(), None), (b"data", sound.tobytes(), size), size=size)
        np.testing.assert_array_equal(decode_sound(data, None), sound)


@pytest.mark.parametrize(
    "form", [("flac", "flac"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16be"), ("au", "pcm_s16be")]
)
def test_what_is_cut_off_is_told_of_every_file_that_says_how_long_it_is(form: tuple[str, str]) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, 64_000).astype(np.int16)
    data = encoded(*form, samples=noise)
    assert len(decode_sound(data, None)) == 64_000
    with pytest.raises(BadAudio, match="cut off"):
        decode_sound(data[: len(data) * 3 // 4], None)


TEXT = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize(
    ("data", "rate", "told"),
    [
        pytest.param(tone(16_000).tobytes(), None, "sample_rate", id="raw without a rate"),
        pytest.param(b"", None, "sample_rate", id="nothing"),
        pytest.param(b"", 16_000, "empty", id="no samples"),
        pytest.param(b"\0" * 33, 16_000, "odd", id="half a sample"),
        pytest.param(wav(tone(16_000, 0), 16_000), None, "empty", id="wav without samples"),
        pytest.param(wav(tone(16_000), 16_000)[:9_000], None, "cut off", id="cut wav"),
        pytest.param(wav(tone(16_000), 16_000), 8_000, "8000 Hz, the WAV file 16000 Hz", id="two rates"),
        pytest.param(b"fLaC" + b"\xff" * 500, None, "FLAC file is damaged", id="not really flac"),
        pytest.param(b"OggS" + b"\0" * 500, None, "Ogg file is damaged", id="not really ogg"),
        pytest.param(b"RIFF\0\0\0\0WAVE" + b"\1" * 40, None, "WAV file is damaged", id="not really wav"),
        pytest.param(
            encoded("mp4", "aac", movflags="frag_keyframe+empty_moov")[:-99],
            None,
            "MP4 file is cut off",
            id="cut mp4",
        ),
        pytest.param(encoded("mp4", "aac")[:-99], None, "MP4 file is", id="cut mp4 without an index"),
        pytest.param(b"#!SILK_V3" + bytes(100), 16_000, "is SILK, which is not decoded", id="silk"),
        pytest.param(
            b"MAC \x96\x0f" + bytes(100), 16_000, "Monkey's Audio file is damaged", id="not really ape"
        ),
        pytest.param(b"MThd\0\0\0\6" + bytes(100), 16_000, "is MIDI", id="midi"),
        pytest.param(TEXT, 16_000, "is HTML", id="an error page"),
        pytest.param(b'{"error": "gone"}', 16_000, "is JSON", id="json"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), 16_000, "is PNG", id="a picture"),
        pytest.param(b"UklGRiQAAABXQVZF" * 100, 16_000, "is base64 text", id="encoded twice"),
        pytest.param(b"#EXTM3U\nfile:///etc/passwd\n", None, "is a playlist", id="a playlist"),
        pytest.param(b"ffconcat version 1.0\nfile /etc/passwd\n", None, "is text", id="a list of files"),
        pytest.param(pcm(1, 0, bytes(100)), None, "0 bits", id="0 bits"),
        pytest.param(pcm(1, 65_535, bytes(100)), None, "65535 bits", id="65,535 bits"),
        pytest.param(pcm(1, 16, bytes(9_000), 9), None, "9 channels", id="9 channels"),
        pytest.param(wav(tone(16_000), 1), None, "1 Hz", id="1 Hz"),
        pytest.param(wav(tone(16_000), 1_000_000), None, "1000000 Hz", id="1 MHz"),
        pytest.param(pcm(0x0AAA, 16, bytes(100)), None, "coded in a way", id="unknown coding"),
    ],
)
def test_what_cannot_be_used_is_named(data: bytes, rate: int | None, told: str) -> None:
    with pytest.raises(BadAudio, match=told):
        decode_sound(data, rate)


@pytest.mark.parametrize("channels", [1, 2])
def test_what_lasts_too_long_is_not_decoded_to_its_end(
    monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    monkeypatch.setattr(decoding, "MAX_SECONDS", 2)
    sound = wav(np.stack([tone(8_000, 3)] * channels), 8_000)
    for data, rate in ((tone(8_000, 3).tobytes(), 8_000), (sound, None)):
        with pytest.raises(AudioTooLong):
            decode_sound(data, rate)


@pytest.mark.parametrize(("container", "codec", "rate", "within"), CONTAINERS)
def test_what_lasts_too_long_is_not_decoded_at_all(
    monkeypatch: pytest.MonkeyPatch, container: str, codec: str, rate: int, within: int
) -> None:
    data = encoded(container, codec, rate, tone(rate, 3))
    monkeypatch.setattr(decoding, "MAX_SECONDS", 2)
    monkeypatch.setattr(decoding, "channels", lambda *_: pytest.fail("it was decoded"))
    here = f"{decode_sound.__module__}.decode_apart"
    monkeypatch.setattr(here, lambda data, kind, rate, _: decode_recording(data, kind, rate))
    with pytest.raises(AudioTooLong):
        decode_sound(data, None)


@pytest.mark.parametrize("duration", ["2.5", "20", "60", "120"])
def test_packets_of_opus_say_how_long_they_last_whatever_the_pages_say(
    monkeypatch: pytest.MonkeyPatch, duration: str
) -> None:
    data = encoded("ogg", "libopus", 48_000, tone(48_000, 3), frame_duration=duration, application="audio")
    monkeypatch.setattr(decoding, "MAX_SECONDS", 2)
    monkeypatch.setattr(decoding, "TIMED", ())
    monkeypatch.setattr(decoding, "channels", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(AudioTooLong):
        decode_recording(data, "Ogg", None)


def decoders() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if apart.__name__ in child.cmdline()]


def test_what_nobody_waits_for_any_more_is_not_decoded_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "ASK_EVERY_S", 0.001)
    seen = 0

    def given_up() -> bool:
        nonlocal seen
        seen = len(decoders())
        return True

    with pytest.raises(DeadlineExceeded):
        decode_sound(encoded("flac", "flac"), None, given_up)
    assert (seen, decoders()) == (1, [])


def test_a_file_that_ends_its_process_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(process: "subprocess.Popen[bytes]", *_: object) -> tuple[bytes, bytes]:
        process.send_signal(signal.SIGSEGV)
        return process.communicate()

    monkeypatch.setattr(apart, "_communicate", killed)
    with pytest.raises(BadAudio, match="The FLAC file cannot be decoded"):
        decode_sound(encoded("flac", "flac"), None)


def test_what_a_decoder_says_that_stumbled_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbled(process: "subprocess.Popen[bytes]", *_: object) -> tuple[bytes, bytes]:
        process.communicate()
        process.returncode = 1  # Python's after an error that nobody expected
        return b"", b'Traceback (most recent call last):\n  File "apart.py", line 5'

    monkeypatch.setattr(apart, "_communicate", stumbled)
    with pytest.raises(BadAudio, match=r"^The FLAC file cannot be decoded\.$"):
        decode_sound(encoded("flac", "flac"), None)


@pytest.mark.parametrize(
    "file", [encoded("wav", "pcm_s16le"), encoded("flac", "flac"), tone(16_000).tobytes()]
)
def test_a_decoder_that_stumbles_here_blames_the_file(monkeypatch: pytest.MonkeyPatch, file: bytes) -> None:
    def stumbles(*_: object) -> NoReturn:
        raise KeyError("what was read")

    for decoder in ("decode_recording", "decode_apart", "_decode_raw"):
        monkeypatch.setattr(f"{decode_sound.__module__}.{decoder}", stumbles)
    with pytest.raises(BadAudio, match=r"^The sound cannot be decoded\.$"):
        decode_sound(file, 16_000)


@pytest.mark.parametrize("container", ["aiff", "caf"])
def test_eight_channels_on_which_a_library_has_stumbled(container: str) -> None:
    sound = np.stack([tone(16_000)] * 8)
    try:
        samples = decode_sound(encoded(container, "pcm_s16be", 16_000, sound, "7.1"), None)
    except BadAudio as error:
        assert "cannot be decoded" in str(error)  # noqa: PT017 either is fine, as long as this process lives
    else:
        np.testing.assert_array_equal(samples, tone(16_000))


def test_channels_and_rates_that_would_take_minutes_are_not_decoded_to_their_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "MAX_SAMPLES", 150_000)
    data = encoded("flac", "flac", 96_000, np.zeros((2, 96_000), np.int16), "stereo")
    with pytest.raises(AudioTooLong, match="more than 150000 samples"):
        decode_recording(data, "FLAC", None)


MUTATED = [encoded(container, codec, 48_000, tone(48_000, 0.1)) for container, codec, *_ in CONTAINERS]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_file_with_a_few_wrong_bytes_gives_samples_or_a_typed_error(data: st.DataObject) -> None:
    file = bytearray(data.draw(st.sampled_from(MUTATED)))
    places = st.integers(0, 400) | st.integers(0, len(file) - 1)
    for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        file[at % len(file)] = value
    try:
        samples = decode_sound(bytes(file), data.draw(st.sampled_from([None, 16_000])))
    except (BadAudio, AudioTooLong):
        return
    assert len(samples) > 0
