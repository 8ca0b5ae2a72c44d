"""WAV and its relatives, whose headers are often wrong, to a WAV whose header is right. Pure.

RIFF and RIFX (Microsoft, "Multimedia Data Standards Update"), RF64 and BW64 with 64-bit sizes (EBU Tech 3306,
ITU-R BS.2088), Wave64 (Sony). Whoever writes to a pipe cannot go back and fill in a size: it stays 0 or as
large as there is room for, and means "to the end".
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from ...contract.errors import BadAudio

UNKNOWN_SIZE = 0x7FFF0000  # and more: 2 GB and 4 GB less a bit are what FFmpeg, SoX and arecord write
CHUNK_ID = re.compile(rb"[ -~]{4}")
W64_RIFF, W64_HEADER, W64_CHUNK = b"riff", 40, 24
PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
BITS = {PCM: range(1, 65), FLOAT: (32, 64), A_LAW: (8,), MU_LAW: (8,)}
FORMAT, FORMAT_SIZE, SUBFORMAT = "HHIIHH", 16, 24
FORMAT_AT, LONGEST_FORMAT = 20, 4096


class Chunk(NamedTuple):
    """``at``: where its content begins; ``size``: as declared."""

    name: bytes
    at: int
    size: int


def mended(data: bytes) -> bytes:
    """A WAV with the same samples in the same coding and nothing else, its sizes as they are.

    Raises:
        BadAudio: it holds less than its header says, or its header makes no sense.
    """
    order = ">" if data[:4] == b"RIFX" else "<"
    chunks: dict[bytes, Chunk] = {}
    for chunk in _w64_chunks(data) if data[:4] == W64_RIFF else _riff_chunks(data, order):
        chunks.setdefault(chunk.name, chunk)
        if b"fmt " in chunks and b"data" in chunks:
            break
    else:
        raise BadAudio("The WAV file is damaged or cut off: it has no format or no samples.")
    form = _checked_format(data, chunks[b"fmt "], order)
    samples = _samples(data, chunks[b"data"], _long_size(data, chunks))
    name = b"RIFX" if order == ">" else b"RIFF"
    whole = struct.pack(order + "I", 20 + len(form) + len(samples))
    form_size, samples_size = (struct.pack(order + "I", len(each)) for each in (form, samples))
    return b"".join([name, whole, b"WAVEfmt ", form_size, form, b"data", samples_size, samples])


def plain(data: bytes) -> bool:
    """Whether the samples of a mended WAV are numbers, rather than coded."""
    order = ">" if data[:4] == b"RIFX" else "<"
    return _tag(data[FORMAT_AT : FORMAT_AT + LONGEST_FORMAT], order) in BITS


def _riff_chunks(data: bytes, order: str) -> Iterator[Chunk]:
    at = 12
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(order + "I", data, at + 4)
        yield Chunk(data[at : at + 4], at + 8, size)
        at += 8 + size
        # Odd chunks are padded, which some writers do not know.
        at += size % 2 and not (CHUNK_ID.match(data, at) and not CHUNK_ID.match(data, at + 1))


def _w64_chunks(data: bytes) -> Iterator[Chunk]:
    at = W64_HEADER
    while at + W64_CHUNK <= len(data):
        (size,) = struct.unpack_from("<Q", data, at + 16)
        yield Chunk(data[at : at + 4], at + W64_CHUNK, max(0, size - W64_CHUNK))
        at += max(W64_CHUNK, size + 7 & ~7)


def _long_size(data: bytes, chunks: dict[bytes, Chunk]) -> int:
    """The declared size of the samples; with 32 bits all set, that of the chunk with 64-bit sizes."""
    declared, long_sizes = chunks[b"data"].size, chunks.get(b"ds64")
    if declared == 0xFFFFFFFF and long_sizes and long_sizes.size >= 16:
        declared = int.from_bytes(data[long_sizes.at + 8 : long_sizes.at + 16], "little")
    return declared


def _samples(data: bytes, chunk: Chunk, declared: int) -> memoryview:
    rest = memoryview(data)[chunk.at :]
    if declared >= UNKNOWN_SIZE or (not declared and not CHUNK_ID.match(data, chunk.at)):
        return rest
    if declared > len(rest):
        raise BadAudio(f"The WAV file is cut off: of {declared} bytes of samples {len(rest)} came.")
    return rest[:declared]


def _checked_format(data: bytes, chunk: Chunk, order: str) -> bytes:
    form = data[chunk.at : chunk.at + min(chunk.size, LONGEST_FORMAT)]
    if len(form) < FORMAT_SIZE:
        raise BadAudio("The WAV file is damaged or cut off: its format is too short.")
    tag = _tag(form, order)
    _, channels, rate, _, block, bits = struct.unpack_from(order + FORMAT, form)
    if not channels or not rate:
        raise BadAudio(f"The WAV file says {channels} channels and {rate} Hz, which is no sound.")
    if tag in BITS and (bits not in BITS[tag] or block != channels * -(-bits // 8)):
        raise BadAudio(
            f"The WAV file says {bits} bits a sample and {block} bytes for {channels} channels, "
            "which do not go together."
        )
    return form


def _tag(form: bytes, order: str) -> int:
    """How samples are coded; of an extensible format it is the beginning of a GUID."""
    (tag,) = struct.unpack_from(order + "H", form)
    if tag == EXTENSIBLE:
        if len(form) < SUBFORMAT + FORMAT_SIZE:
            raise BadAudio("The WAV file is damaged or cut off: its format is too short.")
        (tag,) = struct.unpack_from(order + "H", form, SUBFORMAT)
    return int(tag)
