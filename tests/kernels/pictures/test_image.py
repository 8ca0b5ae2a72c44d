"""Sizes from headers, and pictures as they are meant to be seen."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.pictures.image import decode_image, image_size

from ...pictures import ORIENTATION, gradient, oriented, saved

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
        decode_image(data, WIDTH * HEIGHT // 9)


def test_a_header_of_20000_by_20000_costs_nothing() -> None:
    data = bytearray(picture("PNG"))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    with pytest.raises(ImageTooLarge):
        decode_image(bytes(data), 40_000_000)


@pytest.mark.parametrize("chunk", [b"IDAT", b"PLTE", b"eXIf", b"IEND"])
@pytest.mark.parametrize("size", [2**31 - 1, 2**32 - 1, 1 << 20])
def test_a_chunk_that_is_larger_than_its_file_is_refused_before_room_is_made(
    monkeypatch: pytest.MonkeyPatch, chunk: bytes, size: int
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = bytearray(picture("PNG", "P", exif=exif.tobytes()))
    at = data.index(chunk)
    data[at - 4 : at] = size.to_bytes(4, "big")
    with pytest.raises(BadImage, match="damaged or incomplete"):
        decode_image(bytes(data), ENOUGH)


def test_a_picture_without_pixels_is_none() -> None:
    data = bytearray(picture("PNG"))
    data[16:24] = bytes(8)
    with pytest.raises(BadImage, match="no size"):
        decode_image(bytes(data), ENOUGH)


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {"quality": 100, "subsampling": 0}), ("PNG", {}), ("WEBP", {"lossless": True})],
)
def test_it_is_turned_as_its_camera_was_held(kind: str, options: dict[str, Any], number: int) -> None:
    data, seen = oriented(kind, number, **options)
    pixels = decode_image(data, ENOUGH)
    assert pixels.shape == seen.shape
    assert np.abs(pixels.astype(int) - seen).max() <= 3


def test_a_jpeg_that_is_too_large_is_decoded_smaller() -> None:
    assert decode_image(picture("JPEG"), WIDTH * HEIGHT - 1).shape == (9, 16, 3)


SHAPES = np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)
COLOURS = Image.fromarray(gradient(WIDTH, HEIGHT)[..., ::-1])
GREYS = Image.fromarray((SHAPES * 100).astype(np.uint16))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(saved(COLOURS.convert("L"), "PNG"), COLOURS.convert("L"), id="grey"),
        pytest.param(saved(COLOURS.convert("LA"), "PNG"), COLOURS.convert("L"), id="grey with alpha"),
        pytest.param(saved(COLOURS.convert("1"), "PNG"), COLOURS.convert("1"), id="one bit"),
        pytest.param(
            saved(GREYS, "PNG"), Image.fromarray((SHAPES * 100 >> 8).astype(np.uint8)), id="16 bits"
        ),
        pytest.param(saved(COLOURS.convert("RGBA"), "PNG"), COLOURS, id="alpha"),
        pytest.param(
            saved(
                COLOURS, "PNG", save_all=True, append_images=[COLOURS.transpose(Image.Transpose.ROTATE_180)]
            ),
            COLOURS,
            id="animated PNG",
        ),
        pytest.param(
            saved(
                COLOURS,
                "WEBP",
                lossless=True,
                save_all=True,
                append_images=[COLOURS.transpose(Image.Transpose.ROTATE_180)],
            ),
            COLOURS,
            id="animated WebP",
        ),
        pytest.param(
            saved(
                COLOURS,
                "MPO",
                quality=100,
                subsampling=0,
                save_all=True,
                append_images=[COLOURS.convert("L")],
            ),
            COLOURS,
            id="two views of a JPEG",
        ),
    ],
)
def test_colours_of_every_kind_and_the_first_of_several_pictures(data: bytes, expected: Image.Image) -> None:
    decoded = decode_image(data, ENOUGH).astype(int)
    assert np.abs(decoded - np.asarray(expected.convert("RGB"))[..., ::-1]).max() <= 3


def transparent(mode: str) -> Image.Image:
    """Colours that fade out downwards."""
    image = COLOURS.convert(mode)
    image.putalpha(
        Image.fromarray(np.linspace(255, 0, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8))
    )
    return image


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize(
    ("image", "kind", "options"),
    [
        pytest.param(transparent("RGBA"), "PNG", {}, id="PNG"),
        pytest.param(transparent("LA"), "PNG", {}, id="grey PNG"),
        pytest.param(transparent("RGBA").quantize(64), "PNG", {}, id="PNG with a palette"),
        pytest.param(
            COLOURS.quantize(16), "PNG", {"transparency": 3}, id="PNG with one colour to see through"
        ),
        pytest.param(COLOURS, "PNG", {"transparency": (0, 0, 255)}, id="PNG with a colour key"),
        pytest.param(transparent("RGBA"), "WEBP", {"lossless": True, "exact": True}, id="lossless WebP"),
        pytest.param(transparent("RGBA"), "WEBP", {"quality": 100}, id="lossy WebP"),
    ],
)
@pytest.mark.filterwarnings("ignore:Palette images with Transparency")
def test_what_can_be_seen_through_lies_on_white(
    image: Image.Image, kind: str, options: dict[str, Any], number: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = number
    data = saved(image, kind, exif=exif.tobytes(), **options)
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(data)).convert("RGBA"))
    paper = Image.new("RGBA", seen.size, "white")
    expected = np.asarray(Image.alpha_composite(paper, seen).convert("RGB"))[..., ::-1]
    assert np.abs(decode_image(data, ENOUGH).astype(int) - expected).max() <= 2


def test_black_writing_on_nothing_can_be_read() -> None:
    ink = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    ink.paste((0, 0, 0, 255), (5, 5, 10, 10))
    pixels = decode_image(saved(ink, "PNG"), ENOUGH)
    assert (pixels[0, 0].max(), pixels[0, 0].min(), pixels[7, 7].max()) == (255, 255, 0)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PDF"])
def test_other_formats_are_refused_by_name_even_where_the_library_knows_them(kind: str) -> None:
    name = "JPEG 2000" if kind == "JPEG2000" else kind
    with pytest.raises(
        BadImage, match=f"it is {name}, and neither JPEG nor PNG nor WebP; convert it to JPEG"
    ):
        decode_image(picture(kind), ENOUGH)


def test_nothing_is_refused_as_such() -> None:
    with pytest.raises(BadImage, match=r"^it is empty$"):
        decode_image(b"", ENOUGH)


def test_what_phones_make_is_refused_by_name() -> None:
    with pytest.raises(BadImage, match="it is HEIC"):
        decode_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), ENOUGH)


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8L", b""]
    ),
    st.binary(max_size=200),
)
def test_arbitrary_bytes_give_a_typed_error(begin: bytes, rest: bytes) -> None:
    with pytest.raises((BadImage, ImageTooLarge)):
        decode_image(begin + rest, ENOUGH)
