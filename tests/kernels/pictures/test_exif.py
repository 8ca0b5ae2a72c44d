"""Where EXIF lies, what it says, and what becomes of it when it is broken."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.kernels.pictures.exif import orientation

from ...pictures import oriented

KINDS = ["JPEG", "PNG", "WEBP"]


def tiff(order: str = ">", number: int = 6, kind: int = 3, before: int = 0) -> bytes:
    """A TIFF structure whose first directory has the orientation after so many other tags."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    other = struct.pack(order + "HHIHH", 0x010F, 3, 1, 0, 0)
    value = struct.pack(
        order + ("HHIHH" if kind == 3 else "HHII"), 0x0112, kind, 1, number, *([0] if kind == 3 else [])
    )
    return mark + struct.pack(order + "IH", 8, before + 1) + other * before + value + bytes(4)


def in_jpeg(exif: bytes) -> bytes:
    body = b"Exif\0\0" + exif
    other = b"\xff\xe1\0\x08http:/"
    return b"\xff\xd8" + other + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + b"\xff\xd9"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(1, 9))
def test_what_other_programs_wrote_is_read(kind: str, number: int) -> None:
    assert orientation(oriented(kind, number)[0]) == number


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("kind", "before"), [(3, 0), (3, 7), (4, 2)])
def test_byte_orders_and_neighbours(order: str, kind: int, before: int) -> None:
    assert orientation(in_jpeg(tiff(order, 8, kind, before))) == 8


BROKEN = {
    "no number from 1 to 8": tiff(number=9),
    "zero": tiff(number=0),
    "another type": tiff().replace(b"\x01\x12\0\3", b"\x01\x12\0\2"),
    "cut off in the tag": tiff()[:15],
    "cut off in the directory": tiff()[:9],
    "a directory beyond the end": b"MM\0*\xff\xff\xff\xff",
    "a directory that begins in the header": b"MM\0*\0\0\0\0",
    "no byte order": b"XX\0*" + tiff()[4:],
    "nothing": b"",
    "thousands of tags": b"MM\0*\0\0\0\x08\xff\xff",
}


@pytest.mark.parametrize("exif", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_counts_as_upright(exif: bytes) -> None:
    assert orientation(in_jpeg(exif)) == 1


def test_a_segment_that_reaches_beyond_the_file_is_still_read_as_far_as_it_goes() -> None:
    assert orientation(b"\xff\xd8\xff\xe1\xff\xffExif\0\0" + tiff()) == 6


def test_of_several_the_first_counts() -> None:
    assert orientation(in_jpeg(tiff(number=3))[:-2] + in_jpeg(tiff(number=8))[2:]) == 3


@given(
    st.sampled_from([b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b""]),
    st.binary(max_size=200),
)
def test_arbitrary_bytes_have_an_orientation(begin: bytes, rest: bytes) -> None:
    assert orientation(begin + rest) in range(1, 9)


@given(st.binary(max_size=100), st.integers(0, 40))
def test_arbitrary_exif_has_an_orientation(rest: bytes, kept: int) -> None:
    assert orientation(in_jpeg(tiff()[:kept] + rest)) in range(1, 9)
