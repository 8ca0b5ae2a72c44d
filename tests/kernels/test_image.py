"""Sizes from headers, and pictures as they are meant to be seen."""

import io

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.image import decode_image, image_size

WIDTH, HEIGHT = 31, 17
ENOUGH = 10_000


def picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """Red on the left, blue on the right, written by another library."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "red")
    image.paste("blue", (WIDTH // 2, 0, WIDTH, HEIGHT))
    file = io.BytesIO()
    image.convert(mode).save(file, kind, **options)
    return file.getvalue()


KINDS = [
    pytest.param(picture("JPEG"), id="jpeg"),
    pytest.param(picture("JPEG", progressive=True), id="progressive jpeg"),
    pytest.param(picture("PNG"), id="png"),
    pytest.param(picture("PNG", "RGBA"), id="png with alpha"),
    pytest.param(picture("PNG", "P"), id="png with a palette"),
    pytest.param(picture("WEBP"), id="lossy webp"),
    pytest.param(picture("WEBP", lossless=True), id="lossless webp"),
    pytest.param(picture("WEBP", exif=Image.Exif().tobytes()), id="extended webp"),
]


@pytest.mark.parametrize("data", KINDS)
def test_size_and_colours(data: bytes) -> None:
    assert image_size(data) == (WIDTH, HEIGHT)
    pixels = decode_image(data, ENOUGH)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert pixels[8, 3].argmax() == 2  # red, in B G R
    assert pixels[8, 27].argmax() == 0


@pytest.mark.parametrize("data", KINDS)
def test_whatever_is_cut_off_is_refused(data: bytes) -> None:
    for end in (0, 1, 11, 20, 29, len(data) // 2, len(data) - 4):
        with pytest.raises(BadImage):
            decode_image(data[:end], ENOUGH)


@pytest.mark.parametrize("data", KINDS)
def test_the_size_is_looked_at_before_anything_is_decoded(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> None:
        pytest.fail("it was decoded")

    monkeypatch.setattr(cv2, "imdecode", decoded)
    with pytest.raises(ImageTooLarge, match="31×17"):
        decode_image(data, WIDTH * HEIGHT - 1)


def test_a_header_of_20000_by_20000_costs_nothing() -> None:
    data = bytearray(picture("PNG"))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    with pytest.raises(ImageTooLarge):
        decode_image(bytes(data), 40_000_000)


def test_a_picture_without_pixels_is_none() -> None:
    data = bytearray(picture("PNG"))
    data[16:24] = bytes(8)
    with pytest.raises(BadImage, match="no size"):
        decode_image(bytes(data), ENOUGH)


def test_it_is_turned_as_its_camera_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right: turn it clockwise
    pixels = decode_image(picture("JPEG", exif=exif.tobytes(), quality=95), ENOUGH)
    assert pixels.shape == (WIDTH, HEIGHT, 3)
    assert pixels[3, 8].argmax() == 2  # what was left is now above
    assert pixels[27, 8].argmax() == 0


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused_even_where_the_library_knows_them(kind: str) -> None:
    with pytest.raises(BadImage, match="neither JPEG nor PNG nor WebP"):
        decode_image(picture(kind), ENOUGH)


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8L", b""]
    ),
    st.binary(max_size=200),
)
def test_arbitrary_bytes_give_a_typed_error(begin: bytes, rest: bytes) -> None:
    with pytest.raises((BadImage, ImageTooLarge)):
        decode_image(begin + rest, ENOUGH)
