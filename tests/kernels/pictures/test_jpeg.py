"""Headers of JPEGs, what is planned from them, and pixels."""

import io
import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.pictures.jpeg import decode_jpeg
from argusd.kernels.pictures.jpeg_header import MOST_SEGMENTS, jpeg_size
from argusd.kernels.pictures.jpeg_plan import LIVE_PIXELS, MOST_SCANS, plan_jpeg

from ...pictures import gradient, oriented

ENOUGH = 10_000


def jpeg(width: int, height: int, progressive: bool = False) -> NDArray[np.uint8]:
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return np.asarray(cv2.imencode(".jpg", gradient(width, height), options)[1].reshape(-1), np.uint8)


def claiming(data: NDArray[np.uint8], width: int, height: int) -> bytes:
    """The same with another size in its frame header."""
    whole = data.tobytes()
    at = re.search(rb"\xff[\xc0\xc2]", whole).start() + 5  # type: ignore[union-attr]
    return whole[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + whole[at + 4 :]


@pytest.mark.parametrize("progressive", [False, True])
def test_size_from_the_header_alone(progressive: bool) -> None:
    data = jpeg(31, 17, progressive).tobytes()
    frame_header = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    assert jpeg_size(data[: frame_header + 10]) == (31, 17)
    with pytest.raises(BadImage):
        jpeg_size(data[: frame_header + 9])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_whole_file_ends_after_its_last_scan_whatever_pads_it(progressive: bool) -> None:
    data = jpeg(31, 17, progressive).tobytes()
    film = b"\xff\xda\xff\xd8" * 1_000  # as phones append to a picture that moves
    for padding in (b"", bytes(100), film, data[:-9]):
        assert plan_jpeg(data + padding, ENOUGH).whole
    for cut in (len(data) - 1, len(data) // 2, data.index(b"\xff\xda")):
        assert not plan_jpeg(data[:cut], ENOUGH).whole


def test_a_thumbnail_is_not_the_picture() -> None:
    small, large = jpeg(16, 8).tobytes(), jpeg(31, 17).tobytes()
    inside = b"\xff\xe2" + (len(small) + 2).to_bytes(2, "big") + small
    data = large[:2] + inside + large[2:]
    assert plan_jpeg(data, ENOUGH).size == (31, 17)
    assert not plan_jpeg(data[: 2 + len(inside)] + large[2:-2], ENOUGH).whole


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("reduced", [False, True])
def test_it_is_turned_as_its_camera_was_held(number: int, reduced: bool) -> None:
    data, seen = oriented("JPEG", number, quality=100, subsampling=0)
    pixels = decode_jpeg(np.frombuffer(data, np.uint8), 60 * 40 - 1 if reduced else ENOUGH)
    if reduced:
        seen = np.asarray(cv2.resize(seen, pixels.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    assert pixels.shape == seen.shape
    assert np.abs(pixels.astype(int) - seen).max() <= (8 if reduced else 3)
    assert plan_jpeg(data, ENOUGH).seen == pixels.shape[1::-1] or reduced


@pytest.mark.parametrize(
    ("most", "size"),
    [(60 * 40, (60, 40)), (60 * 40 - 1, (30, 20)), (30 * 20 - 1, (15, 10)), (15 * 10 - 1, None)],
)
def test_what_is_too_large_is_decoded_smaller(most: int, size: tuple[int, int] | None) -> None:
    data = jpeg(60, 40)
    if size is None:
        with pytest.raises(ImageTooLarge, match="60×40 pixels are more than the 1192 allowed for a JPEG"):
            decode_jpeg(data, most)
    else:
        assert decode_jpeg(data, most).shape[1::-1] == size


def test_odd_sizes_round_up() -> None:
    for most in (31 * 17 - 1, 16 * 9 - 1):
        plan = plan_jpeg(jpeg(31, 17).tobytes(), most)
        assert decode_jpeg(jpeg(31, 17), most).shape[1::-1] == plan.size
    assert plan.size == (8, 5)


@pytest.mark.parametrize("kind", ["progressive", "a scan a component"])
def test_less_is_taken_of_what_lies_in_memory_as_a_whole(kind: str) -> None:
    data = jpeg(60, 40, progressive=kind == "progressive").tobytes()
    if kind != "progressive":
        data = data.replace(b"\xff\xda\0\x0c\3", b"\xff\xda\0\x0c\1")
    assert plan_jpeg(data, 1_600).reduction == 2
    with pytest.raises(ImageTooLarge, match="allowed for a progressive JPEG"):
        plan_jpeg(data, 1_599)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_header_that_announces_too_much_is_refused_before_decoding(
    monkeypatch: pytest.MonkeyPatch, progressive: bool
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    data = claiming(jpeg(31, 17, progressive), 65_535, 65_535)
    with pytest.raises(ImageTooLarge):
        decode_jpeg(np.frombuffer(data, np.uint8))


def test_scans_without_end_are_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    data = jpeg(31, 17, progressive=True).tobytes()
    last = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(BadImage, match=rf"scans; it may have {MOST_SCANS}"):
        decode_jpeg(np.frombuffer(data[:-2] + last * MOST_SCANS + data[-2:], np.uint8))
    with pytest.raises(BadImage, match="more segments"):
        plan_jpeg(data[:-2] + b"\xff\xfe\0\2" * MOST_SEGMENTS + data[-2:], ENOUGH)


def test_twelve_bits_a_sample_are_refused_by_number() -> None:
    data = bytearray(jpeg(31, 17).tobytes())
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(BadImage, match="12 bits"):
        decode_jpeg(np.frombuffer(bytes(data), np.uint8))


@pytest.mark.parametrize("mode", ["CMYK", "L"])
@pytest.mark.parametrize("progressive", [False, True])
def test_print_shops_and_scanners_colours(mode: str, progressive: bool) -> None:
    image = Image.fromarray(gradient(60, 40)[..., ::-1]).convert(mode)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, progressive=progressive)
    expected = np.asarray(Image.open(file).convert("RGB"))[..., ::-1]
    decoded = decode_jpeg(np.frombuffer(file.getvalue(), np.uint8))
    assert np.abs(decoded.astype(int) - expected).max() <= 2


def test_other_pictures_are_named() -> None:
    with pytest.raises(BadImage, match="it is PNG, not JPEG"):
        decode_jpeg(np.frombuffer(cv2.imencode(".png", gradient(31, 17))[1].tobytes(), np.uint8))
    with pytest.raises(BadImage, match="it is empty, not JPEG"):
        decode_jpeg(np.zeros(0, np.uint8))


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
    assert pixels.shape[1::-1] == plan_jpeg(data.tobytes(), LIVE_PIXELS).seen
