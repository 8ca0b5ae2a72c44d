"""The slot header survives the trip through bytes, whatever it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.shm.frame import (
    INFO_OFFSET,
    SLOT_HEADER_BYTES,
    FrameFlag,
    FrameInfo,
    PixelFormat,
    i420_info,
    pack_info,
    plane_shapes,
    unpack_info,
)

u32 = st.integers(0, 2**32 - 1)
i64 = st.integers(-(2**63), 2**63 - 1)


@given(
    st.builds(
        FrameInfo,
        width=u32,
        height=u32,
        format=st.sampled_from(PixelFormat),
        strides=st.tuples(u32, u32, u32),
        nbytes=u32,
        captured_ns=i64,
        arrival_ns=i64,
        rtp_timestamp=i64,
        flags=st.sampled_from([FrameFlag.NONE, FrameFlag.SUSPECT]),
    )
)
def test_pack_and_unpack_are_inverse(info: FrameInfo) -> None:
    slot = bytearray(SLOT_HEADER_BYTES)
    packed = pack_info(info)
    assert INFO_OFFSET + len(packed) <= SLOT_HEADER_BYTES
    slot[INFO_OFFSET : INFO_OFFSET + len(packed)] = packed
    assert unpack_info(memoryview(slot), 0) == info


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="PixelFormat"):
        unpack_info(memoryview(bytes(SLOT_HEADER_BYTES)), 0)


@given(width=st.integers(1, 5000), height=st.integers(1, 5000))
def test_i420_planes_fill_the_payload_exactly(width: int, height: int) -> None:
    info = i420_info(width, height)
    assert sum(rows * row_bytes for rows, row_bytes in plane_shapes(info)) == info.nbytes


@pytest.mark.parametrize(
    ("pixel_format", "shapes"),
    [
        (PixelFormat.I420, [(3, 5), (2, 3), (2, 3)]),
        (PixelFormat.NV12, [(3, 5), (2, 6)]),
        (PixelFormat.BGR24, [(3, 15)]),
        (PixelFormat.JPEG, [(1, 77)]),
    ],
)
def test_chroma_of_odd_sizes_rounds_up(pixel_format: PixelFormat, shapes: list[tuple[int, int]]) -> None:
    info = FrameInfo(width=5, height=3, format=pixel_format, strides=(0, 0, 0), nbytes=77)
    assert plane_shapes(info) == shapes
