import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.jpeg import decode_jpeg
from argusd.kernels.jpeg_header import jpeg_size, whole_jpeg_size


def jpeg(width: int, height: int, progressive: bool = False) -> NDArray[np.uint8]:
    gradient = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return np.asarray(cv2.imencode(".jpg", gradient, options)[1].reshape(-1), np.uint8)


def with_orientation(data: bytes, orientation: int) -> bytes:
    """The same JPEG with an EXIF segment that asks for a turned display."""
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes([0, orientation]) + b"\0\0\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


@pytest.mark.parametrize("progressive", [False, True])
def test_size_from_the_header_alone(progressive: bool) -> None:
    data = jpeg(31, 17, progressive).tobytes()
    frame_header = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    assert jpeg_size(data[: frame_header + 9]) == (31, 17)
    with pytest.raises(BadImage):
        jpeg_size(data[: frame_header + 8])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_whole_file_ends_after_its_last_scan_whatever_pads_it(progressive: bool) -> None:
    data = jpeg(31, 17, progressive).tobytes()
    assert whole_jpeg_size(data) == whole_jpeg_size(data + bytes(100)) == (31, 17)
    for cut in (len(data) - 1, len(data) // 2, data.index(b"\xff\xda")):
        with pytest.raises(BadImage):
            whole_jpeg_size(data[:cut])


def test_decodes_as_stored_whatever_exif_says() -> None:
    data = np.frombuffer(with_orientation(jpeg(40, 20).tobytes(), 6), np.uint8)
    assert decode_jpeg(data).shape == (20, 40, 3)


def test_a_header_that_announces_too_much_is_refused_before_decoding() -> None:
    data = bytearray(jpeg(31, 17).tobytes())
    size_at = data.index(b"\xff\xc0") + 5
    data[size_at : size_at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(ImageTooLarge):
        decode_jpeg(np.frombuffer(bytes(data), np.uint8))


def test_a_cut_file_is_refused() -> None:
    with pytest.raises(BadImage):
        decode_jpeg(jpeg(31, 17)[:100])


@given(st.binary(max_size=300))
def test_arbitrary_segments_give_a_size_or_a_typed_error(tail: bytes) -> None:
    try:
        size = jpeg_size(b"\xff\xd8" + tail)
    except BadImage:
        return
    # Whoever got a size got it from a frame header that is really there.
    assert size.height.to_bytes(2, "big") + size.width.to_bytes(2, "big") in tail


@given(st.integers(0, 600), st.integers(0, 255))
def test_one_wrong_byte_never_escapes_as_another_error(position: int, value: int) -> None:
    data = jpeg(31, 17).copy()
    data[position % len(data)] = value
    try:
        pixels = decode_jpeg(data)
    except (BadImage, ImageTooLarge):
        return
    assert pixels.shape[::-1][1:] == jpeg_size(data.tobytes())
