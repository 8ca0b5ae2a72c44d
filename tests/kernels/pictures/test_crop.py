import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.kernels import reference
from argusd.kernels.errors import BadImage
from argusd.kernels.pictures.crop import crop_batch
from argusd.kernels.pictures.picture import Layout, Picture, Span, Square

BYTES = Span(0, 255)
LAYOUTS: list[Layout] = ["I420", "NV12", "BGR24", "JPEG"]


def textured(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """A smooth random picture over the whole range of values."""
    coarse = rng.integers(0, 256, (height // 6 + 2, width // 6 + 2), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def picture(layout: Layout, width: int, height: int, seed: int = 0) -> Picture:
    rng = np.random.default_rng(seed)
    half_height, half_width = (height + 1) // 2, (width + 1) // 2
    if layout in ("BGR24", "JPEG"):
        bgr = np.dstack([textured(rng, height, width) for _ in range(3)])
        if layout == "BGR24":
            return Picture(layout, width, height, [bgr.reshape(height, -1)])
        encoded = cv2.imencode(".jpg", bgr)[1].reshape(1, -1)
        return Picture(layout, width, height, [np.asarray(encoded, np.uint8)])
    luma = textured(rng, height, width)
    u, v = textured(rng, half_height, half_width), textured(rng, half_height, half_width)
    if layout == "NV12":
        return Picture(layout, width, height, [luma, np.dstack([u, v]).reshape(half_height, -1)])
    return Picture(layout, width, height, [luma, u, v])


def grey(width: int, height: int, luma: int) -> Picture:
    shape = (height // 2, width // 2)
    neutral = np.full(shape, 128, np.uint8)
    return Picture("I420", width, height, [np.full((height, width), luma, np.uint8), neutral, neutral])


@pytest.mark.parametrize("layout", LAYOUTS)
@given(
    side=st.floats(20, 900),
    center=st.tuples(st.floats(-80, 400), st.floats(-80, 300)),
    angle=st.floats(-3.2, 3.2),
    size=st.sampled_from([32, 48]),
)
def test_agrees_with_the_oracle(
    layout: Layout, side: float, center: tuple[float, float], angle: float, size: int
) -> None:
    # Whole values in between cost half a level of 255 each time; YUV → RGB doubles that.
    source = picture(layout, 321, 243)
    square = Square(*center, side, angle)
    got = crop_batch([source], [square], size, BYTES)
    error = np.abs(got - reference.crop_batch([source], [square], size, BYTES))
    assert error.max() <= 4
    assert error.mean() <= 0.6


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("width", "height", "size"), [(64, 48, 128), (128, 96, 96), (320, 180, 64), (642, 482, 48)]
)
def test_whole_frames_agree_with_the_oracle(layout: Layout, width: int, height: int, size: int) -> None:
    source = picture(layout, width, height)
    square = Square(width / 2, height / 2, width)
    got = crop_batch([source], [square], size, Span(-1, 1), outside=114)
    error = np.abs(got - reference.crop_batch([source], [square], size, Span(-1, 1), outside=114))
    assert error.max() <= 4 * 2 / 255


def test_a_letterbox_has_a_sharp_edge() -> None:
    """As the pictures had that the models learnt from: no row of half-dark pixels, even when enlarged."""
    white = Picture("BGR24", 64, 32, [np.full((32, 3 * 64), 255, np.uint8)])
    out = crop_batch([white], [Square(32, 16, 64)], 128, BYTES)[0]
    np.testing.assert_array_equal(out[32:96], 255)
    np.testing.assert_array_equal(np.concatenate([out[:32], out[96:]]), 0)


def test_rows_of_a_batch_do_not_know_each_other() -> None:
    pictures = [picture("I420", 64, 48, 1), picture("NV12", 200, 100, 2), picture("BGR24", 31, 77, 3)]
    squares = [Square(32, 24, 64), Square(90, 40, 70, 0.4), Square(10, 20, 50, -1.0)]
    together = crop_batch(pictures, squares, 24, Span(-1, 1))
    alone = [crop_batch([p], [s], 24, Span(-1, 1))[0] for p, s in zip(pictures, squares, strict=True)]
    np.testing.assert_array_equal(together, np.stack(alone))


def test_nothing_moves_when_the_square_is_the_picture() -> None:
    rng = np.random.default_rng(5)
    bgr = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    out = crop_batch([Picture("BGR24", 40, 40, [bgr.reshape(40, -1)])], [Square(20, 20, 40)], 40, BYTES)
    np.testing.assert_allclose(out[0], bgr[..., ::-1], atol=1e-4)


def test_a_quarter_turn_clockwise_brings_the_right_edge_to_the_top() -> None:
    bgr = np.zeros((40, 40, 3), np.uint8)
    bgr[:, 30:] = 255
    square = Square(20, 20, 40, np.pi / 2)
    out = crop_batch([Picture("BGR24", 40, 40, [bgr.reshape(40, -1)])], [square], 40, BYTES)[0]
    # The crop's own "right" points down in the picture, so its top looks to the picture's right.
    assert out[:9].min() > 250
    assert out[12:].max() < 5


def test_limited_range_white_black_and_span() -> None:
    pictures = [grey(32, 32, 235), grey(32, 32, 16), grey(32, 32, 255)]
    out = crop_batch(pictures, [Square(16, 16, 32)] * 3, 16, Span(-1, 1))
    np.testing.assert_allclose(out[0], 1, atol=1e-5)
    np.testing.assert_allclose(out[1], -1, atol=1e-5)
    assert out[2].max() == 1  # whiter than white is clipped


@pytest.mark.parametrize("layout", LAYOUTS)
def test_outside_is_black(layout: Layout) -> None:
    out = crop_batch([picture(layout, 64, 64)], [Square(500, 500, 64)], 16, BYTES)
    np.testing.assert_allclose(out, 0, atol=1e-4)
    shrunk = crop_batch([picture(layout, 64, 64)], [Square(5000, 5000, 640)], 16, BYTES)
    np.testing.assert_allclose(shrunk, 0, atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_outside_may_be_grey(layout: Layout) -> None:
    source = [picture(layout, 64, 64)]
    out = crop_batch(source, [Square(500, 500, 64)], 16, BYTES, outside=114)
    np.testing.assert_allclose(out, 114, atol=0.6)
    beside = [Square(64, 32, 64)]
    error = np.abs(
        crop_batch(source, beside, 16, BYTES, 114) - reference.crop_batch(source, beside, 16, BYTES, 114)
    )
    assert error.max() <= 4


def test_a_strong_reduction_does_not_alias() -> None:
    """Single-pixel stripes shrink to their mean, not to stripes of another width."""
    stripes = grey(640, 640, 16)
    stripes.planes[0][:, ::2] = 235
    out = crop_batch([stripes], [Square(320, 320, 640)], 64, BYTES)
    np.testing.assert_allclose(out, 127.5, atol=1.5)


def test_a_damaged_jpeg_is_refused() -> None:
    with pytest.raises(BadImage):
        crop_batch([Picture("JPEG", 8, 8, [np.zeros((1, 20), np.uint8)])], [Square(4, 4, 8)], 16, BYTES)
