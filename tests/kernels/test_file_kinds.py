"""Files by their first bytes, as other programs write them; samples and pixels by chance look like none."""

import io
import json
import zipfile

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argusd.kernels.file_kinds import file_kind, id3_size

from ..sounds import encoded, id3_tag, tone, wav


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (31, 17), "red").save(file, kind)
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        writer.writestr("sound.wav", wav(tone(16_000), 16_000))
    return file.getvalue()


def array() -> bytes:
    file = io.BytesIO()
    np.save(file, tone(16_000))
    return file.getvalue()


ENCODED = {
    ("wav", "pcm_s16le"): "WAV",
    ("w64", "pcm_s16le"): "Wave64",
    ("aiff", "pcm_s16be"): "AIFF",
    ("caf", "pcm_s16be"): "CAF",
    ("au", "pcm_s16be"): "AU",
    ("flac", "flac"): "FLAC",
    ("ogg", "libopus"): "Ogg",
    ("webm", "libopus"): "WebM or Matroska",
    ("matroska", "pcm_s16le"): "WebM or Matroska",
    ("mp4", "aac"): "MP4",
    ("ipod", "aac"): "MP4",
    ("mov", "pcm_s16le"): "MP4",
    ("3gp", "aac"): "MP4",
    ("mp3", "libmp3lame"): "MP3",
    ("mp2", "mp2"): "MP3",
    ("adts", "aac"): "ADTS AAC",
    ("wv", "wavpack"): "WavPack",
    ("avi", "pcm_s16le"): "AVI",
    ("flv", "aac"): "FLV",
    ("mpegts", "aac"): "MPEG-TS",
    ("tta", "tta"): "True Audio",
    ("voc", "pcm_s16le"): "VOC",
}


@pytest.mark.parametrize(("form", "kind"), ENCODED.items())
def test_sound_of_every_container(form: tuple[str, str], kind: str) -> None:
    assert file_kind(encoded(*form, rate=48_000)) == kind


OTHERS = [
    ("JPEG", picture("JPEG")),
    ("PNG", picture("PNG")),
    ("WebP", picture("WEBP")),
    ("GIF", picture("GIF")),
    ("TIFF", picture("TIFF")),
    ("BMP", picture("BMP")),
    ("AVIF", picture("AVIF")),
    ("JPEG 2000", picture("JPEG2000")),
    ("PDF", picture("PDF")),
    ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    ("HEIC", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),
    ("ZIP", archive()),
    ("NumPy", array()),
    ("HTML", b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>"),
    ("HTML", b"\n <html lang=en>"),
    ("SVG", b'<?xml version="1.0"?>\n<!-- made -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("XML", b'\xef\xbb\xbf<?xml version="1.0"?><Error/>'),
    ("JSON", json.dumps({"error": "not found"}).encode()),
    ("JSON", json.dumps([0.5, -0.25]).encode()),
    ("a playlist", b"#EXTM3U\n#EXT-X-TARGETDURATION:4\nfile:///etc/passwd\n"),
    ("a data URL", b"data:audio/wav;base64,UklGRg=="),
    ("base64 text", b"UklGRiQAAABXQVZFZm10IBAAAAABAAEA\r\n" * 300),
    ("text", "No se encontró el archivo.".encode()),
    ("text", ("é" * 5000).encode()[1:].decode("utf-8", "ignore").encode()),
    ("MP3", id3_tag(b"x" * 300) + bytes(100)),
]


@pytest.mark.parametrize(("kind", "data"), OTHERS, ids=[f"{n} {kind}" for n, (kind, _) in enumerate(OTHERS)])
def test_what_is_no_sound_has_a_name_as_well(kind: str, data: bytes) -> None:
    assert file_kind(data) == kind


@pytest.mark.parametrize("form", [("flac", "flac"), ("mp3", "libmp3lame"), ("adts", "aac")])
def test_tags_before_a_file_are_passed_over(form: tuple[str, str]) -> None:
    plain = encoded(*form, rate=48_000)
    plain = plain[id3_size(plain) :]
    tags = id3_tag(b"a cover picture" * 1000) + id3_tag(b"", footer=True)
    assert file_kind(plain) == file_kind(tags + plain) == ENCODED[form]
    assert id3_size(tags + plain) == len(tags)


def test_tags_without_end_are_not_walked_through() -> None:
    assert id3_size(id3_tag(b"") * 100_000) == 16 * len(id3_tag(b""))


SAMPLES = [
    bytes(32_000),
    tone(16_000).tobytes(),
    (tone(16_000) // 100).tobytes(),
    np.random.default_rng(1).integers(-32768, 32767, 16_000).astype("<i2").tobytes(),
    np.full(16_000, -1025, "<i2").tobytes(),  # ff fb: a sync word of MP3 again and again
    np.full(16_000, -1807, "<i2").tobytes(),  # f1 f8
    np.full(16_000, -3585, "<i2").tobytes(),  # ff f1: a sync word of ADTS
    np.full(16_000, 15_000, "<i2").tobytes(),  # as floats they were about 0.001
    np.tile([100, 15_000, -50, -18_000], 4_000).astype("<i2").tobytes(),
    np.full(16_000, 71, "<i2").tobytes(),  # G, as packets of transport streams begin
]


@pytest.mark.parametrize("data", SAMPLES)
def test_raw_samples_are_nothing_known(data: bytes) -> None:
    assert file_kind(data) is None


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=400))
def test_a_few_samples_are_never_taken_for_mpeg_audio(samples: list[int]) -> None:
    assert file_kind(np.array(samples, "<i2").tobytes()) not in ("MP3", "ADTS AAC", "MPEG-TS")


@given(
    st.sampled_from([b"", b"ID3\x04\0\0", b"\xff\xfb", b"\xff\xf1", b"RIFF", b"\0\0\0\x18ftyp"]), st.binary()
)
def test_any_bytes_have_a_kind_or_none(begin: bytes, rest: bytes) -> None:
    kind = file_kind(begin + rest)
    assert kind is None or isinstance(kind, str)


def test_frames_of_every_layer_and_rate() -> None:
    for rate in (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000):
        data = encoded("mp3", "libmp3lame", rate=rate)
        assert file_kind(data[id3_size(data) :]) == "MP3"
        assert file_kind(encoded("adts", "aac", rate=rate)) == "ADTS AAC"


def test_the_library_knows_the_same_kinds() -> None:
    for form in ENCODED:
        with av.open(io.BytesIO(encoded(*form, rate=48_000))) as container:
            assert container.streams.audio


@pytest.mark.parametrize("loudness", [1.0, 0.01])
def test_samples_as_programs_hold_them_are_told_from_those_that_are_taken(loudness: float) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000) * loudness
    for sound in (tone(16_000) / 32_768 * loudness, noise, np.concatenate([np.zeros(9_000), noise])):
        assert file_kind(sound.astype("<f4").tobytes()) == "float32 samples"
        assert file_kind((sound * 32_767).astype("<i2").tobytes()) is None
    assert file_kind(bytes(64_000)) is None


@given(st.integers(0, 2**32 - 1), st.floats(1, 32_000))
def test_noise_in_16_bits_is_never_taken_for_floats(seed: int, loudness: float) -> None:
    noise = np.random.default_rng(seed).normal(0, loudness, 4_000).clip(-32_768, 32_767)
    assert file_kind(noise.astype("<i2").tobytes()) is None
