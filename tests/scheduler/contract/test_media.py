"""Pictures turned upright: what a header extension says, and files as FFmpeg understands them."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.decoding.picture import picture_planes
from argusd.scheduler.contract.media import (
    MATRIX,
    UPRIGHT,
    Orientation,
    display_orientation,
    from_display_matrix,
    from_header_extension,
    upright,
)

PLANES = [np.arange(24, dtype=np.uint8).reshape(4, 6), np.arange(6, dtype=np.uint8).reshape(2, 3)]


@pytest.mark.parametrize(
    ("element", "orientation"),
    [
        (b"", None),
        (b"\x00", UPRIGHT),
        (b"\x08", UPRIGHT),  # the other camera
        (b"\x01", Orientation(1)),
        (b"\x02", Orientation(2)),
        (b"\x0b", Orientation(3)),
        (b"\x05", Orientation(1, mirrored=True)),
    ],
)
def test_the_header_extension_tells_what_the_receiver_has_to_do(
    element: bytes, orientation: Orientation | None
) -> None:
    assert from_header_extension(element) == orientation


def test_quarters_turn_with_the_clock_after_the_mirror() -> None:
    luma, _ = PLANES
    assert upright(PLANES, Orientation(1))[0].tolist() == luma[::-1].T.tolist()
    assert np.array_equal(upright(PLANES, Orientation(2))[0], luma[::-1, ::-1])
    assert np.array_equal(upright(PLANES, Orientation(0, mirrored=True))[1], PLANES[1][:, ::-1])
    assert np.array_equal(upright(PLANES, Orientation(1, mirrored=True))[0], luma.T[:, ::-1][::-1])


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("vflip", [False, True])
def test_a_files_display_matrix_turns_it_as_its_writer_meant(
    tmp_path: Path, degrees: int, hflip: bool, vflip: bool
) -> None:
    picture = one_picture(tmp_path / "turned.mp4", degrees, hflip, vflip)
    planes = picture_planes(picture)
    shown = upright(planes, display_orientation(picture))
    for plane, turned in zip(planes, shown, strict=True):
        expected = np.rot90(plane, degrees // 90)  # against the clock
        expected = expected[:, ::-1] if hflip else expected
        assert np.array_equal(turned, expected[::-1] if vflip else expected)


def one_picture(path: Path, degrees: int, hflip: bool, vflip: bool) -> av.VideoFrame:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(degrees, hflip=hflip, vflip=vflip)
        ramp = np.add.outer(np.arange(72), np.arange(64)).astype(np.uint8)
        container.mux([*stream.encode(av.VideoFrame.from_ndarray(ramp, "yuv420p")), *stream.encode()])
    with av.open(str(path), "r") as file:
        return next(file.decode(video=0))


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=9, max_size=9))
def test_any_matrix_is_some_orientation(numbers: list[int]) -> None:
    assert from_display_matrix(MATRIX.pack(*numbers)).quarters in range(4)


def test_a_matrix_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="36 bytes"):
        from_display_matrix(bytes(35))
