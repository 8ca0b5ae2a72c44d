"""Boxes that say more than there is."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.contract.errors import BadAudio
from argusd.scheduler.tasks.sound.boxes import check

from ....sounds import encoded, tone

FRAGMENTED = encoded("mp4", "aac", movflags="frag_keyframe+empty_moov")
LIVE_WEBM = b"\x1aE\xdf\xa3\x80\x18S\x80g\x01" + b"\xff" * 7 + b"\xec"
PLAIN = encoded("mov", "pcm_s16le", 48_000, tone(48_000, 20))


@pytest.mark.parametrize(
    ("kind", "whole"),
    [
        ("MP4", FRAGMENTED),
        ("MP4", encoded("mp4", "aac")),
        ("CAF", encoded("caf", "pcm_s16be")),
        ("WebM or Matroska", encoded("webm", "libopus", 48_000)),
        ("WebM or Matroska", encoded("matroska", "pcm_s16le")),
    ],
)
def test_what_says_that_it_reaches_beyond_the_end_is_cut_off(kind: str, whole: bytes) -> None:
    check(whole, kind)
    check(whole[:-1], "Ogg")
    for end in (len(whole) - 1, len(whole) // 2):
        with pytest.raises(BadAudio, match="cut off"):
            check(whole[:end], kind)


@pytest.mark.parametrize(
    ("kind", "data", "cut"),
    [
        ("MP4", b"\0\0\0\x08free\0\0\0\0mdat" + bytes(5), False),  # to the end
        ("MP4", b"\0\0\0\1mdat" + (24).to_bytes(8, "big") + bytes(8), False),
        ("MP4", b"\0\0\0\1mdat" + (25).to_bytes(8, "big") + bytes(8), True),
        ("MP4", b"\0\0\0\x08free\0\0", False),
        ("MP4", b"", False),
        ("CAF", b"caff\0\1\0\0data" + b"\xff" * 8 + bytes(9), False),  # to the end
        ("CAF", b"caff\0\1\0\0data" + (9).to_bytes(8, "big") + bytes(9), False),
        ("WebM or Matroska", LIVE_WEBM, False),
        ("WebM or Matroska", LIVE_WEBM.replace(b"\x01" + b"\xff" * 7, b"\x81"), False),
        ("WebM or Matroska", LIVE_WEBM.replace(b"\x01" + b"\xff" * 7, b"\x82"), True),
        ("WebM or Matroska", b"\x1aE\xdf\xa3", False),
        ("WebM or Matroska", b"\x1aE\xdf\xa3\0", True),
        ("CAF", b"caff\0\1\0\0data" + (10).to_bytes(8, "big") + bytes(9), True),
    ],
)
def test_sizes_of_every_width(kind: str, data: bytes, cut: bool) -> None:
    try:
        check(data, kind)
    except BadAudio:
        assert cut
    else:
        assert not cut


def claiming(data: bytes, table: bytes, *numbers: tuple[int, int]) -> bytes:
    """The same with other numbers at these places of a table."""
    changed = bytearray(data)
    for place, number in numbers:
        struct.pack_into(">I", changed, data.index(table) + 4 + 4 * place, number)
    return bytes(changed)


def test_plain_samples_need_few_rows() -> None:
    check(PLAIN, "MP4")
    check(encoded("mov", "pcm_s16le", 48_000, tone(48_000, 60)), "MP4")


UNFOLDING = {
    "sizes": claiming(encoded("mp4", "aac"), b"stsz", (2, 50_000_000)),
    "times": claiming(encoded("mp4", "aac"), b"stts", (2, 0x7FFFFFFF)),
    "plain samples that last two ticks": claiming(PLAIN, b"stts", (2, 50_000_000), (3, 2)),
    "chunks": claiming(PLAIN, b"stsc", (3, 0x7FFFFFFF)),
    "a fragment": claiming(FRAGMENTED, b"trun", (1, 50_000_000)),
}


@pytest.mark.parametrize("data", UNFOLDING.values(), ids=UNFOLDING)
def test_a_count_of_millions_is_not_believed(data: bytes) -> None:
    with pytest.raises(BadAudio, match="claims more samples"):
        check(data, "MP4")


def test_there_is_an_end_to_boxes() -> None:
    check(b"\0\0\0\0moov" * 100_000, "MP4")  # each within the one before
    with pytest.raises(BadAudio, match="more boxes"):
        check(b"\0\0\0\x08free" * 300_000, "MP4")


@given(
    st.sampled_from(["MP4", "CAF", "WebM or Matroska"]),
    st.lists(
        st.sampled_from([b"moov", b"stbl", b"stts", b"stsc", b"trun", b"\0\0\0\x10"]) | st.binary(max_size=12)
    ),
)
def test_arbitrary_boxes_come_to_an_end(kind: str, parts: list[bytes]) -> None:
    told = "It is a sound."
    try:
        check(b"".join(parts), kind)
    except BadAudio as refusal:
        told = str(refusal)
    assert told.endswith(".")
