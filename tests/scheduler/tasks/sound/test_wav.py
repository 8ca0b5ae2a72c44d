"""Headers of WAV files as recorders, pipes and mistakes leave them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.contract.errors import BadAudio
from argusd.scheduler.tasks.sound import wav

from ....sounds import encoded, riff, tone, wav_format

SOUND = tone(16_000).tobytes()
FORMAT = (b"fmt ", wav_format(), None)
RIGHT = riff(FORMAT, (b"data", SOUND, None))
W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def ds64(samples: int) -> tuple[bytes, bytes, None]:
    return b"ds64", struct.pack("<QQQI", 0, samples, 0, 0), None


def w64(samples_size: int) -> bytes:
    whole = bytearray(encoded("w64", "pcm_s16le"))
    at = whole.index(b"data" + W64_TAIL)
    whole[at + 16 : at + 24] = struct.pack("<Q", samples_size)
    return bytes(whole)


PIPES = {
    "0": 0,
    "FFmpeg": 0xFFFFFFFF,
    "SoX": 0x7FFFF000 - 36,
    "largest with a sign": 0x7FFFFFFF,
    "arecord": 0x80000000,
    "largest less a header": 0xFFFFFFFF - 36,
    "largest less a header, with a sign": 0x7FFFFFFF - 36,
}


@pytest.mark.parametrize("size", PIPES.values(), ids=PIPES)
@pytest.mark.parametrize("whole", [None, 0, 36, 0xFFFFFFFF])
def test_sizes_that_a_pipe_left_mean_to_the_end(size: int, whole: int | None) -> None:
    assert wav.mended(riff(FORMAT, (b"data", SOUND, size), size=whole)) == RIGHT


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF])
def test_so_do_the_64_bit_ones(size: int) -> None:
    samples = (b"data", SOUND, 0xFFFFFFFF)
    assert wav.mended(riff(ds64(size), FORMAT, samples, name=b"RF64", size=0xFFFFFFFF)) == RIGHT
    assert wav.mended(riff(FORMAT, samples, name=b"RF64")) == RIGHT
    assert wav.mended(w64(size))[-len(SOUND) :] == SOUND


@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_64_bit_sizes_that_are_right_are_kept_to(name: bytes) -> None:
    samples = (b"data", SOUND + b"LIST\x04\0\0\0INFO", 0xFFFFFFFF)
    assert wav.mended(riff(ds64(len(SOUND)), FORMAT, samples, name=name)) == RIGHT
    assert wav.mended(encoded("w64", "pcm_s16le"))[-len(SOUND) :] == SOUND


CUT = {
    "one byte": RIGHT[:-1],
    "half": RIGHT[:16_000],
    "all samples": RIGHT[:44],
    "RF64": riff(ds64(len(SOUND) + 2), FORMAT, (b"data", SOUND, 0xFFFFFFFF), name=b"RF64"),
    "Wave64": encoded("w64", "pcm_s16le")[:-100],
    "a gigabyte promised": riff(FORMAT, (b"data", SOUND, 1 << 30)),
}


@pytest.mark.parametrize("data", CUT.values(), ids=CUT)
def test_what_is_cut_off_is_told(data: bytes) -> None:
    with pytest.raises(BadAudio, match=r"cut off: of \d+ bytes"):
        wav.mended(data)


def unpadded(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack("<I", len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


JUNK, BEXT = (b"JUNK", b"\0" * 28, None), (b"bext", b"b" * 603, None)
LAYOUTS = {
    "chunks before the format": riff(JUNK, BEXT, FORMAT, (b"data", SOUND, None)),
    "chunks between": riff(FORMAT, (b"fact", b"\0\0\0\0", None), BEXT, (b"data", SOUND, None)),
    "samples before the format": riff((b"data", SOUND, None), FORMAT),
    "chunks after": riff(FORMAT, (b"data", SOUND, None), (b"LIST", b"INFOIART\x05\0\0\0Caf\xe9\0\0", None)),
    "an odd chunk without padding": unpadded((b"fmt ", wav_format()), (b"note", b"odd"), (b"data", SOUND)),
    "a chunk after that is cut off": riff(FORMAT, (b"data", SOUND, None)) + b"LIST\xff\0\0\0INFO",
    "a second sound": riff(FORMAT, (b"data", SOUND, None), (b"data", b"\1\2", None)),
}


@pytest.mark.parametrize("data", LAYOUTS.values(), ids=LAYOUTS)
def test_other_chunks_are_left_out(data: bytes) -> None:
    assert wav.mended(data) == RIGHT


def test_no_samples_are_no_samples_where_a_chunk_follows() -> None:
    nothing = riff(FORMAT, (b"data", b"", None), (b"LIST", b"INFO", None))
    assert (
        wav.mended(nothing)
        == wav.mended(riff(FORMAT, (b"data", b"", None)))
        == riff(FORMAT, (b"data", b"", None))
    )


def test_big_endian_files_stay_so() -> None:
    data = riff((b"fmt ", wav_format(order=">"), None), (b"data", SOUND, 0xFFFFFFFF), name=b"RIFX")
    assert wav.mended(data) == riff(
        (b"fmt ", wav_format(order=">"), None), (b"data", SOUND, None), name=b"RIFX"
    )


def extensible(tag: int, bits: int = 16) -> bytes:
    guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
    return wav_format(0xFFFE, bits=bits) + struct.pack("<HHI", 22, bits, 4) + guid


NONSENSE = {
    "no channels": wav_format(channels=0),
    "0 Hz": wav_format(rate=0),
    "0 bits": wav_format(bits=0),
    "65,535 bits": wav_format(bits=65_535),
    "blocks of 0 bytes": wav_format(block=0),
    "blocks of 65,535 bytes": wav_format(block=65_535),
    "two channels in blocks of one": wav_format(channels=2, block=2),
    "float of 16 bits": wav_format(3, bits=16),
    "A-law of 16 bits": wav_format(6, bits=16),
    "extensible, 0 bits": extensible(1, 0),
    "extensible, cut short": extensible(1)[:30],
    "a format of 4 bytes": wav_format()[:4],
    "no format at all": b"",
}


@pytest.mark.parametrize("form", NONSENSE.values(), ids=NONSENSE)
def test_a_format_that_makes_no_sense_is_told(form: bytes) -> None:
    with pytest.raises(BadAudio, match="WAV"):
        wav.mended(riff((b"fmt ", form, None), (b"data", SOUND, None)))


@pytest.mark.parametrize("data", [b"RIFF\0\0\0\0WAVE", riff(FORMAT), riff((b"data", SOUND, None))])
def test_a_file_without_format_or_samples_is_damaged(data: bytes) -> None:
    with pytest.raises(BadAudio, match="no format or no samples"):
        wav.mended(data)


@given(
    st.sampled_from([b"RIFF", b"RIFX", b"RF64", b"riff"]),
    st.lists(
        st.sampled_from([b"fmt ", b"data", b"ds64", wav_format(), b"\0\0\0\0", b"\x10\0\0\0"])
        | st.binary(max_size=20)
    ),
)
def test_arbitrary_chunks_give_a_right_wav_or_a_typed_error(name: bytes, parts: list[bytes]) -> None:
    try:
        data = wav.mended(name + bytes(4) + b"WAVE" + b"".join(parts))
    except BadAudio:
        return
    order = ">" if name == b"RIFX" else "<"
    assert struct.unpack_from(order + "I", data, 4) == (len(data) - 8,)
    assert wav.mended(data) == data
