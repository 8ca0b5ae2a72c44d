"""What the boxes of MP4 (ISO/IEC 14496-12), CAF, WebM and Matroska claim, before FFmpeg believes it. Pure.

FFmpeg's tables have a row for every sample that a header counts, and some bytes can count billions.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...contract.errors import BadAudio

MOST_ROWS = 1 << 20  # half an hour of AAC at 48 kHz has 84,375
HOLDING = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf")
# Where in a table numbers of samples stand.
COUNTED = {
    b"stsz": slice(2, 3),
    b"stz2": slice(2, 3),
    b"stts": slice(2, None, 2),
    b"ctts": slice(2, None, 2),
    b"trun": slice(1, 2),
    b"stsc": slice(0),
    b"stco": slice(0),
    b"co64": slice(0),
}
MOST_BOXES, DEEPEST = 1 << 18, 8
TO_THE_END = -1
CAF_HEADER = 8
EBML_HEADER, MATROSKA_SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


class Box(NamedTuple):
    """``begin`` and ``end`` of the content; the end may lie beyond that of the file."""

    name: bytes
    begin: int
    end: int


def check(data: bytes, kind: str) -> None:
    """Refuse what holds less than it says, or claims what nobody can hold.

    Raises:
        BadAudio: so it is.
    """
    found = list(_top(data, kind))
    if found and found[-1].end > len(data):
        raise BadAudio(f"The {kind} file is cut off: it holds less than it says.")
    if kind == "MP4" and _rows(data, found) > MOST_ROWS:
        raise BadAudio("The MP4 file is damaged: it claims more samples than it can hold.")


def _top(data: bytes, kind: str) -> Iterator[Box]:
    match kind:
        case "MP4":
            return _boxes(data, 0, len(data))
        case "CAF":
            return _caf_chunks(data)
        case "WebM or Matroska":
            return _ebml_elements(data)
        case _:
            return iter(())


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        header, size = 8, int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            header, size = 16, int.from_bytes(data[at + 8 : at + 16], "big")
        if 0 < size < header:
            return
        yield Box(data[at + 4 : at + 8], at + header, at + size if size else end)
        at += size or end - at
    raise BadAudio("The MP4 file is damaged: it has more boxes than anybody needs.")


def _caf_chunks(data: bytes) -> Iterator[Box]:
    """Apple, "Core Audio Format Specification"."""
    at = CAF_HEADER
    while at + 12 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 12], "big", signed=True)
        if size < TO_THE_END:
            return
        end = len(data) if size == TO_THE_END else at + 12 + size
        yield Box(data[at : at + 4], at + 12, end)
        at = end


def _ebml_elements(data: bytes) -> Iterator[Box]:
    """The header and the one segment (RFC 8794, 6 and 11.1); a browser does not know its segment's size."""
    at = 0
    for name in (EBML_HEADER, MATROSKA_SEGMENT):
        at += len(name)
        if data[at - len(name) : at] != name or at >= len(data):
            return
        width = 9 - data[at].bit_length()
        size, unknown = (
            int.from_bytes(data[at : at + width], "big") & (1 << 7 * width) - 1,
            (1 << 7 * width) - 1,
        )
        begin = at + width
        at = len(data) if size == unknown else begin + size
        yield Box(name, begin, at)


def _rows(data: bytes, boxes: list[Box], depth: int = 0) -> int:
    """Rows that FFmpeg would make for all samples of these boxes, or more."""
    tables = {name: [_words(data, box) for box in boxes if box.name == name] for name in COUNTED}
    holding = [box for box in boxes if box.name in HOLDING and depth < DEEPEST]
    inside = (_boxes(data, box.begin, min(box.end, len(data))) for box in holding)
    below = sum(_rows(data, list(each), depth + 1) for each in inside)
    if tables[b"stts"] and all(len(words) == 4 and words[3] == 1 for words in tables[b"stts"]):
        # Samples of one tick each are plain ones, of which a row has 1024, or what is left of a chunk.
        chunks = sum(map(len, tables[b"stco"] + tables[b"co64"]))
        longest = max((int(words[3::3].max(initial=0)) for words in tables[b"stsc"]), default=0)
        return below + chunks * (1 + longest // 1024)
    counts = [words[COUNTED[name]].sum(dtype=np.uint64) for name, each in tables.items() for words in each]
    return below + sum(map(int, counts))


def _words(data: bytes, box: Box) -> NDArray[np.uint32]:
    """The content as 32-bit numbers: version and flags, then what the box is for."""
    content = data[box.begin : min(box.end, len(data))]
    return np.frombuffer(content, ">u4", len(content) // 4)
