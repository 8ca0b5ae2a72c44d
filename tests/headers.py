"""Files whose headers say what no recorder and no camera would: intact ones, but for a field or a few."""

import struct
import zlib
from typing import NamedTuple

import cv2
import numpy as np
from hypothesis import strategies as st

from .scheduler.pages import png
from .sounds import encoded, riff, tone, wav_format

SOME = tone(16_000, 0.5)
NOISE = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
EXTENSIBLE = struct.pack("<HHI", 22, 16, 4) + b"\1\0" + bytes.fromhex("000000001000800000aa00389b71")


class Claims(NamedTuple):
    """An intact file, and the fields of its header: where after which mark, and how they are packed."""

    file: bytes
    mark: bytes
    fields: tuple[tuple[int, str], ...]


def coded(container: str, codec: str, rate: int = 48_000) -> bytes:
    return encoded(container, codec, rate, tone(rate, 0.5))


RIFF_FIELDS = ((4, "<I"), (8, "<H"), (10, "<H"), (12, "<I"), (16, "<I"), (20, "<H"), (22, "<H"))
WAV = tuple(
    Claims(riff((b"fmt ", form, None), (b"data", SOME.tobytes(), None)), b"fmt ", RIFF_FIELDS)
    for form in (wav_format(), wav_format(0x11, bits=4, block=256), wav_format(0xFFFE) + EXTENSIBLE)
)
SOUNDS = (
    *WAV,
    Claims(WAV[0].file, b"RIFF", ((4, "<I"), (40, "<I"))),
    Claims(coded("wav", "adpcm_ms"), b"fmt ", (*RIFF_FIELDS, (24, "<H"), (26, "<H"))),
    Claims(
        coded("aiff", "pcm_s16be"),
        b"COMM",
        ((4, ">I"), (8, ">H"), (10, ">I"), (14, ">H"), (16, ">H"), (18, ">Q")),
    ),
    Claims(coded("au", "pcm_s16be"), b".snd", ((4, ">I"), (8, ">I"), (12, ">I"), (16, ">I"), (20, ">I"))),
    Claims(
        coded("flac", "flac"), b"fLaC", ((4, ">I"), (8, ">H"), (10, ">H"), (12, ">I"), (18, ">I"), (22, ">I"))
    ),
    Claims(
        coded("ogg", "libopus"),
        b"OpusHead",
        ((8, "B"), (9, "B"), (10, "<H"), (12, "<I"), (16, "<H"), (18, "B")),
    ),
    Claims(
        coded("ogg", "libopus"), b"OggS", ((4, "B"), (5, "B"), (6, "<q"), (14, "<I"), (18, "<I"), (26, "B"))
    ),
    Claims(coded("mp3", "libmp3lame"), b"ID3", tuple((at, ">H") for at in (3, 5, 6, 8, 45, 46, 47))),
    Claims(coded("adts", "aac"), b"\xff\xf1", tuple((at, "B") for at in range(7))),
    Claims(coded("webm", "libopus"), b"\x1aE\xdf\xa3", tuple((at, ">H") for at in range(4, 300, 9))),
    *(
        Claims(coded("mp4", "aac"), box, tuple((at, ">I") for at in (-4, 4, 8, 12, 16, 20, 24, 28)))
        for box in (b"moov", b"mvhd", b"mdhd", b"mp4a", b"esds", b"stts", b"stsc", b"stsz", b"stco", b"mdat")
    ),
)
JPEG, WEBP, PNG = (
    cv2.imencode(".jpg", NOISE)[1].tobytes(),
    cv2.imencode(".webp", NOISE, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes(),
    png(NOISE),
)
PICTURES = (
    Claims(PNG, b"IHDR", ((-4, ">I"), (4, ">I"), (8, ">I"), *((at, "B") for at in range(12, 17)))),
    Claims(PNG, b"IDAT", ((-4, ">I"), (4, ">H"))),
    Claims(
        JPEG, b"\xff\xc0", ((2, ">H"), (4, "B"), (5, ">H"), (7, ">H"), *((at, "B") for at in range(9, 19)))
    ),
    Claims(JPEG, b"\xff\xdb", ((2, ">H"), (4, "B"))),
    Claims(JPEG, b"\xff\xc4", ((2, ">H"), (4, "B"), (5, ">I"))),
    Claims(JPEG, b"\xff\xda", ((2, ">H"), (4, "B"), (5, ">H"))),
    Claims(WEBP, b"VP8 ", ((4, "<I"), (8, "<H"), (10, "B"), (11, ">H"), (14, "<H"), (16, "<H"))),
    Claims(WEBP, b"RIFF", ((4, "<I"), (12, ">I"))),
)


def numbers(form: str) -> st.SearchStrategy[int]:
    """Any that the field holds, its ends above all."""
    bits = 8 * struct.calcsize(form)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if form[-1] == "q" else (0, (1 << bits) - 1)
    ends = [low, low + 1, 0, 1, 2, 3, high // 2, high // 2 + 1, high - 1, high]
    return st.sampled_from(ends) | st.integers(low, high)


@st.composite
def lying(draw: st.DrawFn, claims: tuple[Claims, ...]) -> bytes:
    """A file of which some fields are others; a PNG's checksums are right all the same."""
    file, mark, fields = draw(st.sampled_from(claims))
    content, begin = bytearray(file), file.index(mark)
    for at, form in draw(st.lists(st.sampled_from(fields), min_size=1, max_size=4)):
        if 0 <= begin + at <= len(content) - struct.calcsize(form):
            struct.pack_into(form, content, begin + at, draw(numbers(form)))
    if mark == b"IHDR":
        struct.pack_into(">I", content, begin + 17, zlib.crc32(content[begin : begin + 17]))
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 9)) == 0 else content)
