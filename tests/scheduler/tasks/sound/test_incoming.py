"""Sound that comes in pieces, as browsers record it and clients cut it."""

import io
import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import BadAudio
from argusd.scheduler.tasks.sound.containers import REFUSED
from argusd.scheduler.tasks.sound.incoming import begins_file, decode

from ....sounds import encoded, tone, wav
from .test_sound import strength

STREAMED = [
    ("webm", "libopus", 48_000),
    ("matroska", "pcm_s16le", 44_100),
    ("ogg", "libopus", 48_000),
    ("mp3", "libmp3lame", 44_100),
    ("adts", "aac", 44_100),
    ("flac", "flac", 16_000),
    ("mpegts", "aac", 44_100),
    ("wav", "pcm_s16le", 16_000),
    ("w64", "pcm_s16le", 48_000),
    ("au", "pcm_s16be", 16_000),
    ("caf", "pcm_s16be", 16_000),
    ("aiff", "pcm_s16be", 44_100),
    ("flv", "aac", 44_100),
]


def messages(parts: Iterable[bytes]) -> io.BytesIO:
    return io.BytesIO(b"".join(len(part).to_bytes(4, "big") + part for part in parts))


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def heard(parts: Iterable[bytes]) -> NDArray[np.int16]:
    return np.concatenate([np.zeros(0, np.int16), *decode(messages(parts))])


@pytest.mark.parametrize("size", [700, 20_000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize(("container", "codec", "rate"), STREAMED)
def test_pieces_are_decoded_as_the_whole(
    container: str, codec: str, rate: int, layout: str, size: int
) -> None:
    sound = np.stack([tone(rate, 2)] * (1 if layout == "mono" else 2))
    samples = heard(pieces(encoded(container, codec, rate, sound, layout), size))
    assert len(samples) == pytest.approx(32_000, abs=3_500)
    assert strength(samples[4_000:28_000]) == pytest.approx(10_000, rel=0.1)


def test_what_safari_records_is_decoded_as_it_comes() -> None:
    data = encoded("mp4", "aac", 48_000, tone(48_000, 2), movflags="frag_keyframe+empty_moov")
    assert strength(heard(pieces(data, 4_000))[4_000:28_000]) == pytest.approx(10_000, rel=0.1)


@pytest.mark.parametrize(
    "form", [("wav", "pcm_s16le"), ("webm", "libopus"), ("ogg", "libopus"), ("flac", "flac")]
)
def test_every_message_may_be_a_file_of_its_own(form: tuple[str, str]) -> None:
    file = encoded(*form, rate=48_000, samples=tone(48_000, 0.5))
    samples = heard([file] * 4)
    assert len(samples) == pytest.approx(32_000, abs=500)


def test_opposed_channels_are_heard() -> None:
    voice = tone(16_000, 2)
    samples = heard(pieces(wav(np.stack([voice, -voice]), 16_000), 3_200))
    assert strength(samples) == pytest.approx(10_000, rel=0.01)


def test_samples_come_while_the_rest_is_still_to_come() -> None:
    class Endless(io.RawIOBase):
        """WebM without an end: whoever waits for one waits for ever."""

        def __init__(self) -> None:
            whole = encoded("webm", "libopus", 48_000, tone(48_000, 10))
            self._source = messages(pieces(whole[: len(whole) // 2], 500))

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            data = self._source.read(size)
            assert data, "more was wanted than had come"
            return data

    samples = decode(Endless())  # type: ignore[arg-type]
    got = 0
    while got < 16_000:
        got += len(next(samples))


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([b"OggS\0\2" + bytes(500)], "Ogg file is damaged"),
        ([encoded("webm", "libopus", 48_000)[:200]], "WebM or Matroska file"),
        ([encoded("mp4", "aac", samples=tone(16_000, 30))], "MP4 file"),  # its index comes last
        ([encoded("wav", "pcm_s16le"), b"\x89PNG\r\n\x1a\n"], None),
        ([b"This is no sound."], "something else"),
        ([b""], None),
        ([], None),
    ],
)
def test_what_cannot_be_decoded_is_told(parts: list[bytes], told: str | None) -> None:
    if told is None:
        heard(parts)
        return
    with pytest.raises(BadAudio, match=told):
        heard(parts)


def test_which_messages_begin_a_file() -> None:
    ogg = encoded("ogg", "libopus", 48_000)
    assert begins_file(ogg)
    assert not begins_file(ogg[ogg.rindex(b"OggS") :])
    mp4 = encoded("mp4", "aac", movflags="frag_keyframe+empty_moov")
    assert begins_file(mp4)
    assert not begins_file(mp4[mp4.index(b"moof") - 4 :])
    assert not begins_file(encoded("mp3", "libmp3lame"))
    assert not begins_file(tone(16_000).tobytes())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([encoded("wav", "pcm_s16le")[:400], b"OggS\0\2"]), max_size=8
    )
)
def test_arbitrary_messages_give_samples_or_a_typed_error(parts: list[bytes]) -> None:
    try:
        samples = heard(parts)
    except BadAudio:
        return
    assert samples.dtype == np.int16


def test_the_process_says_why_it_ends() -> None:
    command = [sys.executable, "-P", "-m", "argusd.scheduler.tasks.sound.incoming"]
    good = messages(pieces(encoded("webm", "libopus", 48_000), 900)).read()
    done = subprocess.run(command, input=good, capture_output=True, check=False)
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 32_000, b"")
    bad = subprocess.run(command, input=messages([b"fLaC" * 50]).read(), capture_output=True, check=False)
    assert (bad.returncode, bad.stderr) == (REFUSED, b"The FLAC file is damaged or cut off.")
